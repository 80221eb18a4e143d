import type { Table } from '../../base/field.ts';
import type { Message } from '../message.ts';
import type { Binding } from './binding.ts';
import { addTo, type Destinations, type Router, removeFrom } from './router.ts';

/** Routes by the routing key: to bindings with exactly the same. */
export class DirectRouter implements Router {
  readonly #bindings = new Map<string, Set<Binding>>();

  bind(binding: Binding): void {
    addTo(this.#bindings, binding.routingKey, binding);
  }

  unbind(binding: Binding): void {
    removeFrom(this.#bindings, binding.routingKey, binding);
  }

  route(message: Message, _headers: Table | undefined, destinations: Destinations): void {
    this.#match(message.routingKey, destinations);
    if (message.cc === undefined) return;
    for (const key of message.cc) this.#match(key, destinations);
  }

  #match(routingKey: string, destinations: Destinations): void {
    const bindings = this.#bindings.get(routingKey);
    if (bindings === undefined) return;
    for (const binding of bindings) destinations.add(binding.destination);
  }
}

import type { Table } from '../../base/field.ts';
import type { Message } from '../message.ts';
import type { Binding } from './binding.ts';
import type { Destinations, Router } from './router.ts';

/** Routes every message to every binding. */
export class FanoutRouter implements Router {
  readonly #bindings = new Set<Binding>();

  bind(binding: Binding): void {
    this.#bindings.add(binding);
  }

  unbind(binding: Binding): void {
    this.#bindings.delete(binding);
  }

  route(_message: Message, _headers: Table | undefined, destinations: Destinations): void {
    for (const binding of this.#bindings) destinations.add(binding.destination);
  }
}

import type { Table } from '../../base/field.ts';
import type { Message } from '../message.ts';
import type { Binding, Destination } from './binding.ts';

/** Takes the destinations that a message is routed to. The same may come several times. */
export interface Destinations {
  add(destination: Destination): void;
}

/** How one type of exchange routes: it holds the bindings of one exchange in the form that it needs. */
export interface Router {
  /** Adds a binding that is not there yet. */
  bind(binding: Binding): void;
  /** Takes away a binding that is there. */
  unbind(binding: Binding): void;
  /** Tells where a message goes. */
  route(message: Message, headers: Table | undefined, destinations: Destinations): void;
}

/** Adds a value to the set under a key. */
export function addTo<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

/** Takes a value out of the set under a key; an empty set goes. */
export function removeFrom<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  if (set?.delete(value) && set.size === 0) sets.delete(key);
}

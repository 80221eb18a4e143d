import type { Entry } from '../message.ts';
import { Deque } from './deque.ts';
import type { Ready } from './ready.ts';

/** Messages of a quorum queue: what came back goes out before all others, in the order in which it came back. */
export class QuorumReady implements Ready {
  readonly #returned = new Deque<Entry>();
  readonly #fresh: Ready;

  /** @param fresh where the messages wait that never left */
  constructor(fresh: Ready) {
    this.#fresh = fresh;
  }

  get size(): number {
    return this.#returned.size + this.#fresh.size;
  }

  get first(): Entry | undefined {
    return this.#returned.first ?? this.#fresh.first;
  }

  shift(): Entry | undefined {
    return this.#returned.shift() ?? this.#fresh.shift();
  }

  push(entry: Entry): void {
    this.#fresh.push(entry);
  }

  putBack(entries: readonly Entry[]): void {
    for (const entry of entries) this.#returned.push(entry);
  }
}

import { Heap } from '../../base/heap.ts';
import type { Entry } from '../message.ts';
import { Deque } from './deque.ts';
import type { Ready } from './ready.ts';

/** Messages of one priority, in the order of their positions: what comes back goes to where it was. */
export class Lane implements Ready {
  /** Those that never left, which come in order. */
  readonly #fresh = new Deque<Entry>();
  /** Those that came back, in any order. Apart, so that none of the fresh ones has to make room. */
  readonly #returned = new Heap<Entry>((a, b) => a.position < b.position);

  get size(): number {
    return this.#fresh.size + this.#returned.size;
  }

  get first(): Entry | undefined {
    return this.#next().first;
  }

  shift(): Entry | undefined {
    return this.#next().shift();
  }

  push(entry: Entry): void {
    this.#fresh.push(entry);
  }

  /** O(log n) each, of those that came back. */
  putBack(entries: readonly Entry[]): void {
    for (const entry of entries) this.#returned.push(entry);
  }

  /** The part whose first entry is next. */
  #next(): Deque<Entry> | Heap<Entry> {
    const returned = this.#returned.first;
    if (returned === undefined) return this.#fresh;
    const fresh = this.#fresh.first;
    return fresh !== undefined && fresh.position < returned.position ? this.#fresh : this.#returned;
  }
}

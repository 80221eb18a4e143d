import type { Entry } from '../message.ts';
import { Deque } from './deque.ts';
import { byPosition } from './queue-entry.ts';
import type { Ready } from './ready.ts';

/** Messages of one priority, in the order of their positions: what comes back goes to where it was. */
export class Lane implements Ready {
  /** Those that never left, which come in order. */
  readonly #fresh = new Deque<Entry>();
  /** Those that came back. Apart, so that none of the fresh ones has to make room. */
  readonly #returned = new Deque<Entry>();

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

  /** O(1) each, unless they belong between others that came back. */
  putBack(entries: readonly Entry[]): void {
    const lowest = entries[0];
    const highest = entries.at(-1);
    if (lowest === undefined || highest === undefined) return;
    const { first } = this.#returned;
    if (first !== undefined && highest.position < first.position) {
      for (const entry of [...entries].reverse()) this.#returned.unshift(entry);
      return;
    }
    const merged = [...entries, ...this.#takeBehind(lowest)].sort(byPosition);
    for (const entry of merged) this.#returned.push(entry);
  }

  /** The part whose first entry is next. */
  #next(): Deque<Entry> {
    const returned = this.#returned.first;
    if (returned === undefined) return this.#fresh;
    const fresh = this.#fresh.first;
    return fresh !== undefined && fresh.position < returned.position ? this.#fresh : this.#returned;
  }

  /** Takes out those that came back and belong behind the entry. */
  #takeBehind(entry: Entry): Entry[] {
    const behind: Entry[] = [];
    const returned = this.#returned;
    while (returned.last !== undefined && returned.last.position > entry.position) {
      const last = returned.pop();
      if (last !== undefined) behind.push(last);
    }
    return behind;
  }
}

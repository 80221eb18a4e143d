import type { Entry } from '../message.ts';
import { Lane } from './lane.ts';
import type { Ready } from './ready.ts';

/** Messages of several priorities: higher ones go out first. */
export class PriorityLanes implements Ready {
  /** By priority. */
  readonly #lanes: readonly Lane[];
  readonly #priorityOf: (entry: Entry) => number;
  /** No lane above holds anything. */
  #top = 0;
  #size = 0;

  /**
   * @param highest the highest priority
   * @param priorityOf the priority of a message, from 0 up to the highest
   */
  constructor(highest: number, priorityOf: (entry: Entry) => number) {
    this.#lanes = Array.from({ length: highest + 1 }, () => new Lane());
    this.#priorityOf = priorityOf;
  }

  get size(): number {
    return this.#size;
  }

  get first(): Entry | undefined {
    return this.#next()?.first;
  }

  shift(): Entry | undefined {
    const entry = this.#next()?.shift();
    if (entry !== undefined) this.#size -= 1;
    return entry;
  }

  push(entry: Entry): void {
    this.#laneOf(entry)?.push(entry);
    this.#size += 1;
  }

  putBack(entries: readonly Entry[]): void {
    const byLane = new Map<Lane, Entry[]>();
    for (const entry of entries) {
      const lane = this.#laneOf(entry);
      if (lane === undefined) continue;
      const others = byLane.get(lane);
      if (others === undefined) byLane.set(lane, [entry]);
      else others.push(entry);
    }
    for (const [lane, its] of byLane) lane.putBack(its);
    this.#size += entries.length;
  }

  /** The lane of an entry that is about to be put there. */
  #laneOf(entry: Entry): Lane | undefined {
    const priority = this.#priorityOf(entry);
    this.#top = Math.max(this.#top, priority);
    return this.#lanes[priority];
  }

  /** The highest lane that holds something, or the lowest of all. */
  #next(): Lane | undefined {
    while (this.#top > 0 && this.#lanes[this.#top]?.size === 0) this.#top -= 1;
    return this.#lanes[this.#top];
  }
}

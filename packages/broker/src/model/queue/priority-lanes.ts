import type { Entry } from '../message.ts';
import { Lane } from './lane.ts';
import type { Ready } from './ready.ts';

/** Messages of several priorities: higher ones go out first. */
export class PriorityLanes implements Ready {
  /** By priority, up to the highest of those that wait: a queue may know 256, and there may be many queues. */
  readonly #lanes: (Lane | undefined)[] = [];
  readonly #priorityOf: (entry: Entry) => number;
  #size = 0;

  /** @param priorityOf the priority of a message, a whole number from 0 */
  constructor(priorityOf: (entry: Entry) => number) {
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
    this.#laneOf(entry).push(entry);
    this.#size += 1;
  }

  putBack(entries: readonly Entry[]): void {
    for (const entry of entries) this.#laneOf(entry).putBack([entry]);
    this.#size += entries.length;
  }

  /** The lane of an entry that is about to be put there, which is made where there is none. */
  #laneOf(entry: Entry): Lane {
    const priority = this.#priorityOf(entry);
    const lane = this.#lanes[priority] ?? new Lane();
    this.#lanes[priority] = lane;
    return lane;
  }

  /** The highest lane that holds something; those above it go. */
  #next(): Lane | undefined {
    const lanes = this.#lanes;
    while (lanes.length > 0 && (lanes.at(-1)?.size ?? 0) === 0) lanes.pop();
    return lanes.at(-1);
  }
}

import { ByteColumn } from './recorder-columns.ts';

/** What became of a number of tasks. Deliveries are counted apart from tasks: one task may come several times. */
export interface TaskSummary {
  readonly created: number;
  /** Those that the broker has taken, as their creator was told. */
  readonly confirmed: number;
  /** Confirmed a second time: creating a task must settle once. */
  readonly confirmedTwice: number;
  /** Refusals by code, also of tasks that were created again under the same identity. */
  readonly refused: Readonly<Record<string, number>>;
  /** Tasks whose creator gave up. */
  readonly refusedForGood: number;
  /** Neither confirmed nor refused for good: their creator still waits. */
  readonly unsettled: number;
  readonly deliveries: number;
  /** Tasks that were delivered. */
  readonly delivered: number;
  /** Tasks whose handler has ended at least once. */
  readonly handled: number;
  /** Confirmed, and no handler has ever ended with it. */
  readonly lost: number;
  /** Some of those that are lost, for whoever looks for the reason. */
  readonly examplesOfLost: readonly number[];
  /** Delivered without anybody having created them. */
  readonly unknown: number;
  /** Further deliveries without `redelivered`: the broker was given the task more than once. */
  readonly duplicatesSentAgain: number;
  /** Further deliveries with `redelivered`: the broker never had the acknowledgement. */
  readonly duplicatesDeliveredAgain: number;
  /** Tasks whose first delivery came after that of a later one, unless they were created again. */
  readonly outOfOrder: number;
}

const CREATED = 1;
const CONFIRMED = 2;
const REFUSED_FOR_GOOD = 4;
const HANDLED = 8;
const CREATED_AGAIN = 16;
const EXAMPLES = 10;

/**
 * Accounts for tasks, each known by an index from 0. Reports may come in any order, as they do from several processes:
 * a delivery may be told before the confirm. Three bytes for each task.
 */
export class TaskRecorder {
  readonly #marks = new ByteColumn();
  readonly #fresh = new ByteColumn();
  readonly #again = new ByteColumn();
  readonly #refused = new Map<string, number>();
  #deliveries = 0;
  #confirmed = 0;
  #confirmedTwice = 0;
  #handled = 0;
  #outOfOrder = 0;
  #highest = -1;

  /** Tasks that were confirmed. */
  get confirmedCount(): number {
    return this.#confirmed;
  }

  /** Tasks that were handled. */
  get handledCount(): number {
    return this.#handled;
  }

  created(index: number): void {
    this.#marks.mark(index, CREATED);
  }

  /** Creating it resolved. */
  confirmed(index: number): void {
    if (this.#marks.mark(index, CONFIRMED) & CONFIRMED) this.#confirmedTwice += 1;
    else this.#confirmed += 1;
  }

  /** Creating it failed; unless that is `forGood`, it is created again. */
  refused(index: number, code: string, forGood: boolean): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
    this.#marks.mark(index, forGood ? REFUSED_FOR_GOOD : CREATED_AGAIN);
  }

  delivered(index: number, redelivered: boolean): void {
    this.#deliveries += 1;
    const first = this.#fresh.get(index) + this.#again.get(index) === 0;
    (redelivered ? this.#again : this.#fresh).count(index);
    if (!first) return;
    if (index > this.#highest) this.#highest = index;
    else if (!(this.#marks.get(index) & CREATED_AGAIN)) this.#outOfOrder += 1;
  }

  /** Its handler has ended. */
  handled(index: number): void {
    if (!(this.#marks.mark(index, HANDLED) & HANDLED)) this.#handled += 1;
  }

  summary(): TaskSummary {
    let [created, refusedForGood, unsettled, delivered, lost, unknown] = [0, 0, 0, 0, 0, 0];
    let [sentAgain, deliveredAgain] = [0, 0];
    const examplesOfLost: number[] = [];
    const length = Math.max(this.#marks.length, this.#fresh.length, this.#again.length);
    for (let index = 0; index < length; index += 1) {
      const marks = this.#marks.get(index);
      const fresh = this.#fresh.get(index);
      const again = this.#again.get(index);
      if (marks & CREATED) created += 1;
      else if (fresh + again > 0) unknown += 1;
      if (marks & REFUSED_FOR_GOOD) refusedForGood += 1;
      if (marks & CREATED && !(marks & (CONFIRMED | REFUSED_FOR_GOOD))) unsettled += 1;
      if (fresh + again > 0) delivered += 1;
      if (marks & CONFIRMED && !(marks & HANDLED)) {
        lost += 1;
        if (examplesOfLost.length < EXAMPLES) examplesOfLost.push(index);
      }
      if (fresh > 1) sentAgain += fresh - 1;
      // A worker that was killed may have had the first: then one with the flag is the first that was seen.
      if (again > 0) deliveredAgain += fresh > 0 ? again : again - 1;
    }
    return {
      created,
      confirmed: this.#confirmed,
      confirmedTwice: this.#confirmedTwice,
      refused: Object.fromEntries(this.#refused),
      refusedForGood,
      unsettled,
      deliveries: this.#deliveries,
      delivered,
      handled: this.#handled,
      lost,
      examplesOfLost,
      unknown,
      duplicatesSentAgain: sentAgain,
      duplicatesDeliveredAgain: deliveredAgain,
      outOfOrder: this.#outOfOrder,
    };
  }
}

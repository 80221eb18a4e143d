import { ByteColumn, NumberColumn } from './recorder-columns.ts';

/** What became of a number of calls. */
export interface CallSummary {
  readonly created: number;
  /** How many settled, by how: `result`, or the code of an error. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** How many of them were executed, by how they settled. */
  readonly executed: Readonly<Record<string, number>>;
  /** Executions beyond the first of a call. */
  readonly executedAgain: number;
  /** Settled a second time. */
  readonly settledTwice: number;
  /** Created, and never settled. */
  readonly hung: number;
  /** Some of those that hang, for whoever looks for the reason. */
  readonly examplesOfHung: readonly number[];
  /** Settled or executed without having been created. */
  readonly unknown: number;
  /** How long after its timeout the latest call settled, in milliseconds; negative where all were in time. */
  readonly latest: number;
}

const CREATED = 1;
const SETTLED = 2;
const EXECUTED = 4;
const EXAMPLES = 10;

/** Accounts for calls, each known by an index from 0. Ten bytes for each. */
export class CallRecorder {
  readonly #timeout: number;
  readonly #marks = new ByteColumn();
  readonly #startedAt = new NumberColumn();
  /** Place in `#names` of how each settled. */
  readonly #outcomes = new ByteColumn();
  readonly #names: string[] = [];
  #settled = 0;
  #executedAgain = 0;
  #settledTwice = 0;
  #latest = Number.NEGATIVE_INFINITY;

  /** `timeout` is that of every call, in milliseconds. */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /** Calls that settled. */
  get settledCount(): number {
    return this.#settled;
  }

  /** It was made at `time`, in milliseconds of any clock. */
  created(index: number, time: number): void {
    this.#marks.mark(index, CREATED);
    this.#startedAt.set(index, time);
  }

  /** It settled at `time`: `outcome` is `result`, or the code of an error. */
  settled(index: number, outcome: string, time: number): void {
    const before = this.#marks.mark(index, SETTLED);
    if (before & SETTLED) {
      this.#settledTwice += 1;
      return;
    }
    this.#settled += 1;
    this.#outcomes.mark(index, this.#numberOf(outcome));
    if (before & CREATED)
      this.#latest = Math.max(this.#latest, time - this.#startedAt.get(index) - this.#timeout);
  }

  /** A callee ran it. */
  executed(index: number): void {
    if (this.#marks.mark(index, EXECUTED) & EXECUTED) this.#executedAgain += 1;
  }

  summary(): CallSummary {
    let [created, hung, unknown] = [0, 0, 0];
    const outcomes = new Map<string, number>();
    const executed = new Map<string, number>();
    const examplesOfHung: number[] = [];
    for (let index = 0; index < this.#marks.length; index += 1) {
      const marks = this.#marks.get(index);
      if (marks & CREATED) created += 1;
      else if (marks) unknown += 1;
      if (marks & SETTLED) {
        const outcome = this.#names[this.#outcomes.get(index)] ?? '';
        countOne(outcomes, outcome);
        if (marks & EXECUTED) countOne(executed, outcome);
      }
      if (marks & CREATED && !(marks & SETTLED)) {
        hung += 1;
        if (examplesOfHung.length < EXAMPLES) examplesOfHung.push(index);
      }
    }
    return {
      created,
      outcomes: Object.fromEntries(outcomes),
      executed: Object.fromEntries(executed),
      executedAgain: this.#executedAgain,
      settledTwice: this.#settledTwice,
      hung,
      examplesOfHung,
      unknown,
      latest: this.#latest,
    };
  }

  #numberOf(outcome: string): number {
    const known = this.#names.indexOf(outcome);
    return known < 0 ? this.#names.push(outcome) - 1 : known;
  }
}

function countOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

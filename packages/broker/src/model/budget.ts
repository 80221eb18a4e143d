/** Told when memory runs out, and when there is enough again. */
export type BudgetListener = (exhausted: boolean) => void;

/** The share of the limit below which publishers may go on, so that they are not stopped at every other message. */
const LOW_WATER = 0.9;

/** Counts the memory that messages hold. It refuses nothing: those who listen stop the publishers. */
export class Budget {
  /** In bytes. */
  readonly limit: number;
  readonly #listeners = new Set<BudgetListener>();
  #used = 0;
  #exhausted = false;

  /** @param limit in bytes; none unless given */
  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.limit = limit;
  }

  /** Bytes in use. */
  get used(): number {
    return this.#used;
  }

  /** Whether the limit was passed, and use has not fallen below nine tenths of it since. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** So many bytes more are in use. */
  take(bytes: number): void {
    this.#used += bytes;
    if (!this.#exhausted && this.#used > this.limit) this.#turn(true);
  }

  /** So many bytes are free again. */
  give(bytes: number): void {
    this.#used -= bytes;
    if (this.#exhausted && this.#used <= this.limit * LOW_WATER) this.#turn(false);
  }

  /** Calls the listener whenever `exhausted` turns. Returns how to stop that. */
  onChange(listener: BudgetListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #turn(exhausted: boolean): void {
    this.#exhausted = exhausted;
    for (const listener of [...this.#listeners]) listener(exhausted);
  }
}

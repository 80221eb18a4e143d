/**
 * Does one piece of work after another. What is added while one is done waits its turn, so that work which makes work
 * does not recurse.
 */
export class WorkList<T> {
  readonly #work: (item: T) => void;
  readonly #waiting: T[] = [];
  #busy = false;

  constructor(work: (item: T) => void) {
    this.#work = work;
  }

  /** Does this and all that it brings about before it returns; or puts it behind the rest, where work is under way. */
  add(item: T): void {
    this.#waiting.push(item);
    if (this.#busy) return;
    this.#busy = true;
    try {
      // An array that is read as it grows, instead of shifted: that would be O(n) each.
      for (const next of this.#waiting) this.#work(next);
    } finally {
      this.#busy = false;
      this.#waiting.length = 0;
    }
  }
}

/**
 * A map by numbers that only ever grow, such as delivery tags: oldest first, and cheap where the oldest leave first. A `Map` does
 * the same, but under heavy traffic V8 keeps its old tables, and all that they ever held, until the next full collection.
 */
export class TagMap<T> {
  /** In order; what has left is `undefined`. */
  readonly #tags: number[] = [];
  readonly #values: (T | undefined)[] = [];
  /** Where the oldest stands. */
  #head = 0;
  #size = 0;

  /** How many it holds. */
  get size(): number {
    return this.#size;
  }

  /** The tag of the oldest. */
  get oldest(): number | undefined {
    return this.#size === 0 ? undefined : this.#tags[this.#head];
  }

  /** Adds a value. It goes behind all others, or where it belongs if it comes late; by a tag that is there already it does not. */
  add(tag: number, value: T): void {
    let place = this.#tags.length;
    while (place > this.#head && (this.#tags[place - 1] ?? 0) >= tag) place--;
    if (this.#tags[place] === tag && this.#values[place] !== undefined) return;
    if (place === this.#tags.length) {
      this.#tags.push(tag);
      this.#values.push(value);
    } else {
      this.#tags.splice(place, 0, tag);
      this.#values.splice(place, 0, value);
    }
    this.#size++;
  }

  /** The value of a tag. */
  get(tag: number): T | undefined {
    return this.#values[this.#indexOf(tag)];
  }

  /** Takes a value out; gives it. */
  take(tag: number): T | undefined {
    const index = this.#indexOf(tag);
    const value = this.#values[index];
    if (value === undefined) return undefined;
    this.#values[index] = undefined;
    this.#size--;
    while (this.#head < this.#values.length && this.#values[this.#head] === undefined) this.#head++;
    if (this.#size === 0 || this.#values.length > 2 * this.#size + SLACK) this.#compact();
    return value;
  }

  /** The oldest value that `wanted` accepts. */
  find(wanted: (value: T) => boolean): T | undefined {
    return this.#values.find((value) => value !== undefined && wanted(value));
  }

  #indexOf(tag: number): number {
    // Where none is missing it stands as far behind the oldest as its tag is above.
    const guess = this.#head + tag - (this.#tags[this.#head] ?? 0);
    if (this.#tags[guess] === tag) return guess;
    let [low, high] = [this.#head, this.#tags.length - 1];
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#tags[middle] ?? 0;
      if (found === tag) return middle;
      if (found < tag) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Closes the gaps, in place. */
  #compact(): void {
    let end = 0;
    for (let index = this.#head; index < this.#values.length; index++) {
      const value = this.#values[index];
      if (value === undefined) continue;
      this.#tags[end] = this.#tags[index] ?? 0;
      this.#values[end] = value;
      end++;
    }
    this.#tags.length = end;
    this.#values.length = end;
    this.#head = 0;
  }
}

/** So many more places than values are no waste. */
const SLACK = 64;

// One number for each message, by index, in arrays that grow: a million messages cost megabytes, not objects.

const FIRST_SIZE = 1_024;
const MOST = 255;

/** Small numbers by index, 0 where nothing was set; they stop at 255. */
export class ByteColumn {
  #bytes = new Uint8Array(FIRST_SIZE);
  #length = 0;

  /** One more than the highest index that was set. */
  get length(): number {
    return this.#length;
  }

  get(index: number): number {
    return this.#bytes[index] ?? 0;
  }

  /** Sets the bits of `mask`; gives what was there before. */
  mark(index: number, mask: number): number {
    const before = this.get(index);
    this.#set(index, before | mask);
    return before;
  }

  /** Counts one; gives the count. */
  count(index: number): number {
    const count = Math.min(MOST, this.get(index) + 1);
    this.#set(index, count);
    return count;
  }

  #set(index: number, value: number): void {
    if (index >= this.#bytes.length) {
      const grown = new Uint8Array(grownSize(this.#bytes.length, index));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[index] = value;
    this.#length = Math.max(this.#length, index + 1);
  }
}

/** Times, or other numbers, by index or one after the other. */
export class NumberColumn {
  #numbers = new Float64Array(FIRST_SIZE);
  #length = 0;

  /** One more than the highest index that was set. */
  get length(): number {
    return this.#length;
  }

  get(index: number): number {
    return this.#numbers[index] ?? 0;
  }

  set(index: number, value: number): void {
    if (index >= this.#numbers.length) {
      const grown = new Float64Array(grownSize(this.#numbers.length, index));
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[index] = value;
    this.#length = Math.max(this.#length, index + 1);
  }

  push(value: number): void {
    this.set(this.#length, value);
  }

  /** A copy, smallest first. */
  sorted(): Float64Array {
    return this.#numbers.slice(0, this.#length).sort();
  }
}

function grownSize(size: number, index: number): number {
  return Math.max(size * 2, index + 1);
}

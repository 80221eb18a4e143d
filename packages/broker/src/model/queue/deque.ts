/** The smallest ring, in slots; a power of two, as every size. */
const SMALLEST = 16;

/**
 * A queue with two ends on a ring of slots. Everything is O(1) on average, and the ring shrinks with what it holds, so
 * that one that was long costs nothing once it is drained.
 */
export class Deque<T> {
  #slots: (T | undefined)[] = emptyRing(SMALLEST);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The item at the head; undefined where there is none. */
  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  /** Puts an item at the tail. */
  push(item: T): void {
    if (this.#size === this.#slots.length) this.#resize(this.#size * 2);
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = item;
    this.#size += 1;
  }

  /** Puts an item at the head. */
  unshift(item: T): void {
    if (this.#size === this.#slots.length) this.#resize(this.#size * 2);
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.#size += 1;
  }

  /** Takes the item at the head; undefined where there is none. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const slots = this.#slots;
    const item = slots[this.#head];
    slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (slots.length - 1);
    this.#size -= 1;
    if (this.#size < slots.length >> 2 && slots.length > SMALLEST) this.#resize(slots.length >> 1);
    return item;
  }

  /** The items from head to tail. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.#size; i++) {
      const item = this.#slots[(this.#head + i) & (this.#slots.length - 1)];
      if (item !== undefined) yield item;
    }
  }

  #resize(length: number): void {
    const slots = emptyRing<T>(length);
    for (let i = 0; i < this.#size; i++)
      slots[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}

function emptyRing<T>(length: number): (T | undefined)[] {
  return new Array<T | undefined>(length).fill(undefined);
}

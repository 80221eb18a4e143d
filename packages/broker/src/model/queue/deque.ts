/** The smallest ring, in slots; a power of two, as every size. */
const SMALLEST = 8;

/**
 * First in, first out, on a ring of slots. Everything is O(1) on average, and the ring shrinks with what it holds, so that
 * one that was long costs nothing once it is drained.
 */
export class Deque<T> {
  #slots: (T | undefined)[] = emptyRing(SMALLEST);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The item at the head; undefined where there is none. */
  get first(): T | undefined {
    return this.#slots[this.#head];
  }

  /** Puts an item at the tail. */
  push(item: T): void {
    this.#makeRoom();
    this.#slots[this.#at(this.#size)] = item;
    this.#size += 1;
  }

  /** Takes the item at the head; undefined where there is none. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = this.#at(1);
    this.#size -= 1;
    this.#giveRoom();
    return item;
  }

  /** The slot of the item that has so many before it. */
  #at(index: number): number {
    return (this.#head + index) & (this.#slots.length - 1);
  }

  #makeRoom(): void {
    if (this.#size === this.#slots.length) this.#resize(this.#size * 2);
  }

  #giveRoom(): void {
    const { length } = this.#slots;
    if (length > SMALLEST && this.#size <= length >> 3) this.#resize(length >> 1);
  }

  #resize(length: number): void {
    const slots = emptyRing<T>(length);
    for (let i = 0; i < this.#size; i++) slots[i] = this.#slots[this.#at(i)];
    this.#slots = slots;
    this.#head = 0;
  }
}

function emptyRing<T>(length: number): (T | undefined)[] {
  return new Array<T | undefined>(length).fill(undefined);
}

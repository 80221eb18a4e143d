/** A first-in, first-out queue: adding and taking cost the same however long it is. */
export class Fifo<T> {
  readonly #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the oldest item. */
  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined; // let go of it
    if (this.#head * 2 > this.#items.length && this.#head > 32) {
      this.#items.copyWithin(0, this.#head); // in place: an array that was left behind would keep its items alive
      this.#items.length -= this.#head;
      this.#head = 0;
    }
    return item;
  }

  /** Takes everything, oldest first. */
  drain(): T[] {
    const items: T[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) items.push(item);
    return items;
  }
}

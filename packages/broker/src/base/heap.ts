/** Items of which the lowest is at hand. `push` and `shift` are O(log n). */
export class Heap<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  /** The item at `i` is not behind those at `2 i + 1` and `2 i + 2`. */
  readonly #items: T[] = [];

  /** @param isBefore whether the first comes out before the second */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The lowest item; undefined where there is none. */
  get first(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || !this.#isBefore(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  /** Takes the lowest item; undefined where there is none. */
  shift(): T | undefined {
    const [first] = this.#items;
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) this.#sink(last);
    return first;
  }

  /** Puts an item at the top, and from there to where it belongs. */
  #sink(item: T): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      const below = this.#lowerBelow(at);
      const child = items[below];
      if (child === undefined || !this.#isBefore(child, item)) break;
      items[at] = child;
      at = below;
    }
    items[at] = item;
  }

  /** Where the lower of the two items below a place is. */
  #lowerBelow(at: number): number {
    const left = 2 * at + 1;
    const [one, other] = [this.#items[left], this.#items[left + 1]];
    const isRight = one !== undefined && other !== undefined && this.#isBefore(other, one);
    return isRight ? left + 1 : left;
  }
}

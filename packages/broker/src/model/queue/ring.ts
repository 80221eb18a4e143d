/** An item of a ring, between its neighbours; alone, it is its own. */
class Link<T> {
  readonly item: T;
  previous: Link<T> = this;
  next: Link<T> = this;

  constructor(item: T) {
    this.item = item;
  }
}

/** Items that take turns, each of them there once. Everything is O(1). */
export class Ring<T> {
  readonly #links = new Map<T, Link<T>>();
  #first: Link<T> | undefined;

  get size(): number {
    return this.#links.size;
  }

  /** Whose turn it is; undefined where there is nobody. */
  get first(): T | undefined {
    return this.#first?.item;
  }

  /** Puts an item behind all others. */
  push(item: T): void {
    const link = new Link(item);
    this.#links.set(item, link);
    if (this.#first === undefined) this.#first = link;
    else insertBefore(link, this.#first);
  }

  /** The first goes behind all others. */
  rotate(): void {
    this.#first = this.#first?.next;
  }

  /** Takes an item out; nothing where it is not in. */
  remove(item: T): void {
    const link = this.#links.get(item);
    if (link === undefined) return;
    this.#links.delete(item);
    if (this.#links.size === 0) this.#first = undefined;
    else if (this.#first === link) this.#first = link.next;
    link.previous.next = link.next;
    link.next.previous = link.previous;
  }
}

function insertBefore<T>(link: Link<T>, next: Link<T>): void {
  const { previous } = next;
  link.previous = previous;
  link.next = next;
  previous.next = link;
  next.previous = link;
}

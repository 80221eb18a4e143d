/** A place in a {@link Chain}, with what stands there. */
export interface Link<T> {
  readonly value: T;
  previous: Link<T> | undefined;
  next: Link<T> | undefined;
  /** Whether it is in its chain. */
  linked: boolean;
}

/**
 * Values in the order in which they came, each of which leaves at a time of its own. A `Set` does the same, but under heavy
 * traffic V8 keeps its old tables, and all that they ever held, until the next full collection.
 */
export class Chain<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  /** How many it holds. */
  get size(): number {
    return this.#size;
  }

  /** The oldest. */
  get first(): T | undefined {
    return this.#first?.value;
  }

  /** The values, oldest first. */
  get values(): T[] {
    const values: T[] = [];
    for (let link = this.#first; link; link = link.next) values.push(link.value);
    return values;
  }

  /** Adds a value at the end; gives its place. */
  add(value: T): Link<T> {
    const link: Link<T> = { value, previous: this.#last, next: undefined, linked: true };
    if (this.#last) this.#last.next = link;
    else this.#first = link;
    this.#last = link;
    this.#size++;
    return link;
  }

  /** Takes out what stands at a place; harmless once it is out. */
  remove(link: Link<T>): void {
    if (!link.linked) return;
    const { previous, next } = link;
    link.linked = false;
    link.previous = undefined; // whoever keeps a place that is out keeps no others
    link.next = undefined;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    this.#size--;
  }
}

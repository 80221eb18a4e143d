/** How a stream of bytes ends: properly, or with a TCP reset. */
export type Ending = 'fin' | 'reset';

/** What travels in one direction: some bytes, or the end. `due` is on the clock of `performance.now()`. */
export type Parcel =
  | { readonly kind: 'bytes'; readonly due: number; readonly bytes: Buffer }
  | { readonly kind: 'end'; readonly due: number; readonly ending: Ending };

const CAPACITY_BYTES = 256 * 1_024;

/** Bytes on their way. Holds a bounded amount, so a slow receiver slows the sender down. One reader, one writer. */
export class DelayLine {
  readonly #parcels: Parcel[] = [];
  #bytes = 0;
  #closed = false;
  #wake: () => void = () => {};

  /** Puts a parcel on the line and waits while the line is full. On a closed line it is dropped. */
  async push(parcel: Parcel): Promise<void> {
    if (this.#closed) return;
    this.#parcels.push(parcel);
    if (parcel.kind === 'bytes') this.#bytes += parcel.bytes.length;
    this.#wake();
    while (this.#bytes > CAPACITY_BYTES && !this.#closed) await this.#change();
  }

  /** The next parcel in order; undefined when the line is closed. */
  async next(): Promise<Parcel | undefined> {
    while (this.#parcels.length === 0 && !this.#closed) await this.#change();
    const parcel = this.#parcels.shift();
    if (parcel?.kind === 'bytes') this.#bytes -= parcel.bytes.length;
    this.#wake();
    return parcel;
  }

  /** Drops what is on the line and releases everyone who waits. */
  close(): void {
    this.#closed = true;
    this.#parcels.length = 0;
    this.#bytes = 0;
    this.#wake();
  }

  // A full line has a waiting writer and an empty one a waiting reader: never both, so one wake-up call will do.
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

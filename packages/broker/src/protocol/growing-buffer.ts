/** Bytes that arrive in pieces. Its memory follows what arrived, at most twice as much, and never the announced size. */
export class GrowingBuffer {
  readonly #limit: number;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  /** @param limit how many bytes will come in the end */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  append(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) this.#grow(length);
    piece.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** What arrived. Nothing may be appended afterwards. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const capacity = length >= this.#limit ? length : Math.min(this.#limit, length * 2);
    const bytes = Buffer.allocUnsafe(capacity);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}

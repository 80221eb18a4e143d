/** Pieces that are kept as they come, however small they are. */
const FEW = 64;
/** Bytes of a piece on average; below it, what it costs to keep a piece counts for more than the piece. */
const SMALL = 1024;

/**
 * Bytes that come piece by piece until there are enough. Pieces of a byte each would cost a hundred times what they hold, and
 * pieces of none would grow for ever: small ones are joined on the way.
 */
export class Pieces {
  #kept: Buffer[] = [];
  #size = 0;

  /** How many bytes have come. */
  get size(): number {
    return this.#size;
  }

  /** Keeps a piece. */
  add(piece: Buffer): void {
    this.#kept.push(piece);
    this.#size += piece.length;
    const count = this.#kept.length;
    if (count > FEW && count * SMALL > this.#size) this.#kept = [this.#joined()];
  }

  /** Takes all of it out, as one; not copied where it came in one. */
  take(): Buffer {
    const whole = this.#joined();
    this.#kept = [];
    this.#size = 0;
    return whole;
  }

  #joined(): Buffer {
    const [first] = this.#kept;
    return first && this.#kept.length === 1 ? first : Buffer.concat(this.#kept, this.#size);
  }
}

import { AmqpError } from '../base/amqp-error.ts';

/**
 * Collects bytes that are to be sent, in slabs that are handed over in pieces: taking what has been written so far costs
 * no copy, and the rest of the slab is written on. Numbers are big-endian (AMQP 0-9-1, section 4.2.5).
 *
 * What is written between two calls of `begin` lies in one piece, so that lengths can be filled in afterwards.
 */
export class ByteWriter {
  readonly #slabSize: number;
  #slab: Buffer;
  /** Where the bytes begin that are not in `#pieces` yet. */
  #start = 0;
  /** Where the current piece begins that must stay together. */
  #mark = 0;
  #position = 0;
  #pieces: Buffer[] = [];
  #piecesLength = 0;

  /** @param slabSize how many bytes to allocate at a time; something longer gets a slab of its own */
  constructor(slabSize: number) {
    this.#slabSize = slabSize;
    this.#slab = Buffer.allocUnsafeSlow(slabSize);
  }

  /** Bytes written and not taken. */
  get byteLength(): number {
    return this.#piecesLength + this.#position - this.#start;
  }

  /** Hands over what was written. It will not be written to again. */
  take(): Buffer[] {
    this.#seal();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#piecesLength = 0;
    return pieces;
  }

  /** What comes from here to the next `begin`, `appendByReference` or `take` lies in one piece. */
  begin(): void {
    this.#mark = this.#position;
  }

  /** Takes back what was written since `begin`. */
  rewind(): void {
    this.#position = this.#mark;
  }

  octet(value: number): void {
    const at = this.#advance(1);
    this.#slab[at] = value;
  }

  short(value: number): void {
    const at = this.#advance(2);
    this.#slab.writeUInt16BE(value, at);
  }

  long(value: number): void {
    const at = this.#advance(4);
    this.#slab.writeUInt32BE(value, at);
  }

  /** 64 bits, unsigned, of a whole number up to 2^53. */
  longlong(value: number): void {
    const at = this.#advance(8);
    this.#slab.writeUInt32BE(Math.floor(value / 2 ** 32), at);
    this.#slab.writeUInt32BE(value % 2 ** 32, at + 4);
  }

  int8(value: number): void {
    const at = this.#advance(1);
    this.#slab.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#advance(2);
    this.#slab.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#advance(4);
    this.#slab.writeInt32BE(value, at);
  }

  int64(value: bigint): void {
    const at = this.#advance(8);
    this.#slab.writeBigInt64BE(value, at);
  }

  uint64(value: bigint): void {
    const at = this.#advance(8);
    this.#slab.writeBigUInt64BE(value, at);
  }

  float(value: number): void {
    const at = this.#advance(4);
    this.#slab.writeFloatBE(value, at);
  }

  double(value: number): void {
    const at = this.#advance(8);
    this.#slab.writeDoubleBE(value, at);
  }

  /** Copies the bytes. */
  bytes(bytes: Uint8Array): void {
    const at = this.#advance(bytes.length);
    this.#slab.set(bytes, at);
  }

  /** The bytes with their length in 32 bits before them. */
  longstr(bytes: Uint8Array): void {
    this.long(bytes.length);
    this.bytes(bytes);
  }

  /** Text with its length in 8 bits before it; more than 255 bytes throw `AmqpError` 541. */
  shortstr(text: string): void {
    // Names and keys are nearly always ASCII, for which this is three times as fast as to ask for the length in UTF-8.
    const length = text.length;
    const at = this.#advance(1 + length);
    for (let i = 0; i < length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#position = at;
        this.#utf8Shortstr(text);
        return;
      }
      this.#slab[at + 1 + i] = code;
    }
    this.#slab[at] = checkedShort(length);
  }

  #utf8Shortstr(text: string): void {
    const length = checkedShort(Buffer.byteLength(text));
    const at = this.#advance(1 + length);
    this.#slab[at] = length;
    this.#slab.write(text, at + 1);
  }

  /** Leaves 32 bits for a length that is not known yet, and returns the place to give to `endLength`. */
  beginLength(): number {
    return this.#advance(4) - this.#mark;
  }

  /** Fills in how many bytes have been written since `beginLength` returned `place`. */
  endLength(place: number): void {
    const at = this.#mark + place;
    this.#slab.writeUInt32BE(this.#position - at - 4, at);
  }

  /** Puts the bytes themselves among the pieces instead of copying them; they must not change any more. */
  appendByReference(bytes: Uint8Array): void {
    this.#seal();
    this.#push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** Makes room for `length` bytes and returns where they go in `#slab`, which may be another one now. */
  #advance(length: number): number {
    if (this.#position + length > this.#slab.length) this.#newSlab(length);
    const at = this.#position;
    this.#position = at + length;
    return at;
  }

  /** Leaves what is complete where it is, and moves the piece that is being written to a new slab. */
  #newSlab(length: number): void {
    const unfinished = this.#slab.subarray(this.#mark, this.#position);
    if (this.#mark > this.#start) this.#push(this.#slab.subarray(this.#start, this.#mark));
    const needed = unfinished.length + length;
    this.#slab = Buffer.allocUnsafeSlow(
      Math.max(this.#slabSize, needed > this.#slabSize ? 2 * needed : 0),
    );
    unfinished.copy(this.#slab);
    this.#start = 0;
    this.#mark = 0;
    this.#position = unfinished.length;
  }

  #seal(): void {
    if (this.#position > this.#start) this.#push(this.#slab.subarray(this.#start, this.#position));
    this.#start = this.#position;
    this.#mark = this.#position;
  }

  #push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#piecesLength += piece.length;
  }
}

/** The length itself, if a short string may have it. */
function checkedShort(length: number): number {
  if (length > 255) throw new AmqpError(541, `a short string of ${length} bytes`);
  return length;
}

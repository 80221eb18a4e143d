import { isUtf8 } from 'node:buffer';
import { AmqpError } from '../base/amqp-error.ts';

/**
 * A cursor over bytes that were received. Numbers are big-endian (AMQP 0-9-1, section 4.2.5). Whatever reaches past the
 * end throws `AmqpError` 501.
 */
export class ByteReader {
  readonly #bytes: Buffer;
  #position: number;

  /** @param position where to begin */
  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes;
    this.#position = position;
  }

  /** Whether everything has been read. */
  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  octet(): number {
    const at = this.#advance(1);
    return this.#bytes[at] ?? 0;
  }

  short(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  long(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  /** 64 bits, unsigned. Above 2^53 the nearest number. */
  longlong(): number {
    const at = this.#advance(8);
    return this.#bytes.readUInt32BE(at) * 2 ** 32 + this.#bytes.readUInt32BE(at + 4);
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#advance(8));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#advance(8));
  }

  /** NaN and the infinities are refused with 502, as RabbitMQ cannot decode them either. */
  float(): number {
    return finite(this.#bytes.readFloatBE(this.#advance(4)));
  }

  /** NaN and the infinities are refused with 502, as RabbitMQ cannot decode them either. */
  double(): number {
    return finite(this.#bytes.readDoubleBE(this.#advance(8)));
  }

  /** The next `length` bytes: a view, not a copy. */
  bytes(length: number): Buffer {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Bytes with their length in 32 bits before them: a view, not a copy. */
  longstr(): Buffer {
    return this.bytes(this.long());
  }

  /**
   * Text of up to 255 bytes. What is not UTF-8 in it becomes U+FFFD; if that makes it longer than 255 bytes its end is
   * cut off, so that it can always be written again.
   */
  shortstr(): string {
    const length = this.octet();
    const at = this.#advance(length);
    const text = this.#bytes.toString('utf8', at, at + length);
    return length * REPLACEMENT_BYTES > SHORTSTR_MAX ? cutToShortstr(text) : text;
  }

  /** As `shortstr`, but text that is not UTF-8 throws `AmqpError` 501. */
  utf8Shortstr(): string {
    const bytes = this.bytes(this.octet());
    if (!isUtf8(bytes)) throw new AmqpError(501, 'Malformed UTF-8 in shortstr');
    return bytes.toString();
  }

  /** Moves on by `length` bytes and returns where they begin. */
  #advance(length: number): number {
    const at = this.#position;
    const end = at + length;
    if (end > this.#bytes.length) {
      throw new AmqpError(501, `cannot decode: ${end - this.#bytes.length} bytes are missing`);
    }
    this.#position = end;
    return at;
  }
}

/** The most bytes that a short string may have. */
const SHORTSTR_MAX = 255;

/** What one byte may grow to when it is not UTF-8: U+FFFD has three. */
const REPLACEMENT_BYTES = 3;

function cutToShortstr(text: string): string {
  let cut = text;
  while (Buffer.byteLength(cut) > SHORTSTR_MAX) cut = cut.slice(0, -1);
  return cut;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new AmqpError(502, `a field table contains ${value}`);
  return value;
}

import type { HeaderTable } from '../../message/message.ts';
import { ProtocolViolation } from './failures.ts';
import { readTable } from './table.ts';

/** Reads the fields of one frame, one after another. What ends too early is a `ProtocolViolation`. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  octet(): number {
    const at = this.#take(1);
    return this.#bytes.readUInt8(at);
  }

  short(): number {
    const at = this.#take(2);
    return this.#bytes.readUInt16BE(at);
  }

  long(): number {
    const at = this.#take(4);
    return this.#bytes.readUInt32BE(at);
  }

  /** Exact up to 2^53. */
  longlong(): number {
    const at = this.#take(8);
    return this.#bytes.readUInt32BE(at) * 2 ** 32 + this.#bytes.readUInt32BE(at + 4);
  }

  shortstr(): string {
    const length = this.octet();
    if (length === 0) return '';
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  table(): HeaderTable {
    const { table, end } = readTable(this.#bytes, this.#at, this.#end);
    this.#at = end;
    return table;
  }

  /** Goes on by so many bytes; gives where they start. */
  #take(count: number): number {
    const at = this.#at;
    this.#at = at + count;
    if (this.#at > this.#end)
      throw new ProtocolViolation('the server sent a frame that breaks off');
    return at;
  }
}

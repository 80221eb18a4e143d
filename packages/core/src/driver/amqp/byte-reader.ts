import type { HeaderTable } from '../../message/message.ts';
import { ProtocolViolation } from './failures.ts';
import { readTable } from './table.ts';

/** A view of the same bytes: it reads numbers several times as fast as a `Buffer` does. */
export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Reads the fields of one frame, one after another. What ends too early is a `ProtocolViolation`. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, view: DataView, at: number, end: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#at = at;
    this.#end = end;
  }

  octet(): number {
    const at = this.#take(1);
    return this.#view.getUint8(at);
  }

  short(): number {
    const at = this.#take(2);
    return this.#view.getUint16(at);
  }

  long(): number {
    const at = this.#take(4);
    return this.#view.getUint32(at);
  }

  /** Exact up to 2^53. */
  longlong(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
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

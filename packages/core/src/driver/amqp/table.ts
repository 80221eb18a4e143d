import { isUtf8 } from 'node:buffer';
import type { HeaderTable, HeaderValue } from '../../message/message.ts';
import { LATEST_SECOND } from '../../message/received.ts';
import { ProtocolViolation } from './failures.ts';
import { writeLong, writeShortstr, writeText } from './write.ts';

// Field tables on the wire: a length, then names and values; a value is a letter and what the letter says.
// The letters are those of RabbitMQ (https://www.rabbitmq.com/amqp-0-9-1-errata, section 3).

/** Levels of tables and arrays that are read, the outermost included. */
const DEEPEST = 64;

/** What stands for headers that nest deeper: their bytes, by this name. */
const TOO_DEEP = 'x-nested-too-deep';

/** A value of fixed size: its letter, its bytes, and how it is read. */
type FixedRow = readonly [
  letter: string,
  size: number,
  read: (bytes: Buffer, at: number) => HeaderValue,
];

const FIXED: ReadonlyMap<number, FixedRow> = byLetter([
  ['V', 0, () => null],
  ['t', 1, (bytes, at) => bytes[at] !== 0],
  ['b', 1, (bytes, at) => bytes.readInt8(at)],
  ['B', 1, (bytes, at) => bytes.readUInt8(at)],
  ['s', 2, (bytes, at) => bytes.readInt16BE(at)],
  ['u', 2, (bytes, at) => bytes.readUInt16BE(at)],
  ['I', 4, (bytes, at) => bytes.readInt32BE(at)],
  ['i', 4, (bytes, at) => bytes.readUInt32BE(at)],
  ['l', 8, int64],
  ['L', 8, int64], // as RabbitMQ reads it
  ['f', 4, (bytes, at) => bytes.readFloatBE(at)],
  ['d', 8, (bytes, at) => bytes.readDoubleBE(at)],
  // Ten digits and a power of ten: no two of them are the same double.
  ['D', 5, (bytes, at) => Number(`${bytes.readInt32BE(at + 1)}e-${bytes.readUInt8(at)}`)],
  ['T', 8, timestamp],
]);

function byLetter(rows: readonly FixedRow[]): ReadonlyMap<number, FixedRow> {
  return new Map(rows.map((row) => [code(row[0]), row]));
}

function code(letter: string): number {
  return letter.charCodeAt(0);
}

/** A number where that is exact. */
function int64(bytes: Buffer, at: number): number | bigint {
  const value = bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  return Number.isSafeInteger(value) ? value : bytes.readBigInt64BE(at);
}

function timestamp(bytes: Buffer, at: number): Date | bigint {
  const seconds = bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  return seconds <= LATEST_SECOND ? new Date(seconds * 1000) : bytes.readBigUInt64BE(at);
}

class NestedTooDeep extends Error {}

/**
 * Reads the table whose length stands at `at`; gives it, and where it ends, which is not after `limit`. One that nests too deep gives its bytes
 * instead. Throws a `ProtocolViolation` where it is malformed.
 */
export function readTable(
  bytes: Buffer,
  at: number,
  limit: number,
): { table: HeaderTable; end: number } {
  const reader = new TableReader(bytes, at);
  const end = reader.peekEnd(limit);
  try {
    return { table: reader.table(end, 1), end };
  } catch (error) {
    if (error instanceof NestedTooDeep)
      return { table: { [TOO_DEEP]: copy(bytes, at + 4, end) }, end };
    if (error instanceof RangeError) throw malformed(); // it ends before its last value does
    throw error;
  }
}

class TableReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where what starts here with its length ends, which must be within `limit`. */
  peekEnd(limit: number): number {
    if (this.#at + 4 > limit) throw malformed();
    const end = this.#at + 4 + this.#bytes.readUInt32BE(this.#at);
    if (end > limit) throw malformed();
    return end;
  }

  table(end: number, depth: number): HeaderTable {
    const table: Record<string, HeaderValue> = {};
    this.#at += 4;
    while (this.#at < end) {
      const name = this.#name();
      table[name] = this.#value(end, depth);
    }
    return table;
  }

  #array(end: number, depth: number): HeaderValue[] {
    const values: HeaderValue[] = [];
    this.#at += 4;
    while (this.#at < end) values.push(this.#value(end, depth));
    return values;
  }

  #name(): string {
    const start = this.#at + 1;
    this.#at = start + this.#bytes.readUInt8(this.#at);
    const name = this.#bytes.toString('utf8', start, this.#at);
    // It stands for the prototype of a table, not for a field of it.
    return name === '__proto__' ? 'x_proto__' : name;
  }

  #value(end: number, depth: number): HeaderValue {
    const letter = this.#bytes.readUInt8(this.#at++);
    const fixed = FIXED.get(letter);
    if (fixed) {
      const at = this.#at;
      this.#at += fixed[1];
      if (this.#at > end) throw malformed();
      return fixed[2](this.#bytes, at);
    }
    const last = this.peekEnd(end);
    switch (letter) {
      case STRING:
        return this.#string(last);
      case BYTES:
        return this.#copy(last);
      case TABLE:
      case ARRAY:
        if (depth === DEEPEST) throw new NestedTooDeep();
        return letter === TABLE ? this.table(last, depth + 1) : this.#array(last, depth + 1);
      default:
        throw malformed();
    }
  }

  /** A long string may hold any bytes; those that are no text stay bytes. */
  #string(end: number): string | Uint8Array {
    const text = this.#bytes.subarray(this.#at + 4, end);
    if (!isUtf8(text)) return this.#copy(end);
    this.#at = end;
    return text.toString();
  }

  #copy(end: number): Uint8Array {
    const start = this.#at + 4;
    this.#at = end;
    return copy(this.#bytes, start, end);
  }
}

/** What is kept must not hold on to the chunk that it came in, nor change with it. */
function copy(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(bytes.subarray(start, end));
}

function malformed(): ProtocolViolation {
  return new ProtocolViolation('the server sent a malformed table');
}

const STRING = code('S');
const BYTES = code('x');
const TABLE = code('F');
const ARRAY = code('A');

/** Bytes that a table takes, its length included. */
export function tableSize(table: HeaderTable): number {
  let size = 4;
  for (const [name, value] of Object.entries(table))
    if (value !== undefined) size += 1 + Buffer.byteLength(name) + 1 + valueSize(value);
  return size;
}

function valueSize(value: HeaderValue): number {
  switch (typeof value) {
    case 'string':
      return 4 + Buffer.byteLength(value);
    case 'boolean':
      return 1;
    case 'number':
      return NUMBERS[letterOfNumber(value)].size;
    case 'bigint':
      return 8;
    case 'object':
      return objectSize(value);
  }
}

function objectSize(value: HeaderValue & (object | null)): number {
  if (value === null) return 0;
  if (value instanceof Date) return 8;
  if (value instanceof Uint8Array) return 4 + value.byteLength;
  if (!isArray(value)) return tableSize(value);
  return value.reduce<number>((size, each) => size + 1 + valueSize(each), 4);
}

/**
 * The bytes of a checked table. It may be another by now, or give other values each time that it is read: throws where they do
 * not fit what was counted.
 */
export function encodeTable(table: HeaderTable): Buffer {
  const bytes = Buffer.allocUnsafe(tableSize(table));
  if (writeTable(bytes, 0, table) !== bytes.length)
    throw new TypeError('the headers changed while they were written');
  return bytes;
}

/** Writes a checked table of that size; gives where it ends. */
export function writeTable(bytes: Buffer, at: number, table: HeaderTable): number {
  let end = at + 4;
  for (const [name, value] of Object.entries(table)) {
    if (value === undefined) continue;
    end = writeValue(bytes, writeShortstr(bytes, end, name), value);
  }
  writeLong(bytes, at, end - at - 4);
  return end;
}

function writeValue(bytes: Buffer, at: number, value: HeaderValue): number {
  switch (typeof value) {
    case 'string': {
      const length = writeText(bytes, at + 5, value);
      bytes[at] = STRING;
      return writeLong(bytes, at + 1, length) + length;
    }
    case 'boolean':
      return writeLetter(bytes, at, 't', (start) => bytes.writeUInt8(value ? 1 : 0, start));
    case 'number': {
      const letter = letterOfNumber(value);
      return writeLetter(bytes, at, letter, (start) => NUMBERS[letter].write(bytes, value, start));
    }
    case 'bigint':
      return writeLetter(bytes, at, 'l', (start) => bytes.writeBigInt64BE(value, start));
    case 'object':
      return writeObject(bytes, at, value);
  }
}

function writeObject(bytes: Buffer, at: number, value: HeaderValue & (object | null)): number {
  if (value === null) return writeLetter(bytes, at, 'V', (start) => start);
  if (value instanceof Date) {
    const seconds = BigInt(Math.floor(value.getTime() / 1000));
    return writeLetter(bytes, at, 'T', (start) => bytes.writeBigUInt64BE(seconds, start));
  }
  if (value instanceof Uint8Array) {
    const { byteLength } = value;
    bytes.set(value, at + 5);
    return (
      writeLetter(bytes, at, 'x', (start) => bytes.writeUInt32BE(byteLength, start)) + byteLength
    );
  }
  if (!isArray(value))
    return writeLetter(bytes, at, 'F', (start) => writeTable(bytes, start, value));
  return writeLetter(bytes, at, 'A', (start) => writeArray(bytes, start, value));
}

function writeArray(bytes: Buffer, at: number, values: readonly HeaderValue[]): number {
  let end = at + 4;
  for (const value of values) end = writeValue(bytes, end, value);
  writeLong(bytes, at, end - at - 4);
  return end;
}

function writeLetter(
  bytes: Buffer,
  at: number,
  letter: string,
  write: (start: number) => number,
): number {
  bytes.writeUInt8(code(letter), at);
  return write(at + 1);
}

/** How numbers stand on the wire, by letter. */
const NUMBERS = {
  b: { size: 1, write: (bytes, value, at) => bytes.writeInt8(value, at) },
  s: { size: 2, write: (bytes, value, at) => bytes.writeInt16BE(value, at) },
  I: { size: 4, write: (bytes, value, at) => bytes.writeInt32BE(value, at) },
  l: { size: 8, write: (bytes, value, at) => bytes.writeBigInt64BE(BigInt(value), at) },
  d: { size: 8, write: (bytes, value, at) => bytes.writeDoubleBE(value, at) },
} satisfies Record<
  string,
  { size: number; write: (bytes: Buffer, value: number, at: number) => number }
>;

/**
 * The smallest integer that holds a whole number, else a double; of zeros only a double is negative. The driver picks the
 * same for arguments: a headers exchange compares types as well.
 */
function letterOfNumber(value: number): keyof typeof NUMBERS {
  if (!Number.isInteger(value) || Object.is(value, -0)) return 'd';
  if (value >= -0x80 && value < 0x80) return 'b';
  if (value >= -0x8000 && value < 0x8000) return 's';
  return value >= -0x8000_0000 && value < 0x8000_0000 ? 'I' : 'l';
}

function isArray(value: HeaderValue & object): value is readonly HeaderValue[] {
  return Array.isArray(value);
}

/** A value of a table whose AMQP type is chosen by the test: the letter of the type and the bytes behind it. */
export class TypedValue {
  readonly type: string;
  readonly bytes: Uint8Array;

  constructor(type: string, bytes: Uint8Array) {
    this.type = type;
    this.bytes = bytes;
  }
}

/**
 * A value of a table. Strings travel as `S`, whole numbers as `I` or, where they are larger, `l`, fractions as `d`, bigints
 * as `l`, booleans as `t`, null as `V`, bytes as `x`, arrays as `A`, objects as `F`; `typed` makes the others.
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | TypedValue
  | readonly Value[]
  | Table;

/** A table, as in headers. */
export interface Table {
  readonly [name: string]: Value | undefined;
}

/** A table, or the bytes that are sent in its place, its length included. */
export type Arguments = Table | Uint8Array;

/** Makes values of a type of one's own choice. The letters are those that RabbitMQ reads. */
export const typed = {
  /** Anything, also what no broker knows. */
  raw: (type: string, bytes: Uint8Array): TypedValue => new TypedValue(type, bytes),
  int8: (value: number): TypedValue => made('b', 1, (out) => out.writeInt8(value)),
  uint8: (value: number): TypedValue => made('B', 1, (out) => out.writeUInt8(value)),
  int16: (value: number): TypedValue => made('s', 2, (out) => out.writeInt16BE(value)),
  uint16: (value: number): TypedValue => made('u', 2, (out) => out.writeUInt16BE(value)),
  int32: (value: number): TypedValue => made('I', 4, (out) => out.writeInt32BE(value)),
  uint32: (value: number): TypedValue => made('i', 4, (out) => out.writeUInt32BE(value)),
  int64: (value: bigint): TypedValue => made('l', 8, (out) => out.writeBigInt64BE(value)),
  float: (value: number): TypedValue => made('f', 4, (out) => out.writeFloatBE(value)),
  double: (value: number): TypedValue => made('d', 8, (out) => out.writeDoubleBE(value)),
  /** `value` divided by ten to the power of `scale`. */
  decimal: (scale: number, value: number): TypedValue =>
    made('D', 5, (out) => out.writeInt32BE(value, out.writeUInt8(scale))),
  /** Seconds since 1970. */
  timestamp: (seconds: bigint): TypedValue => made('T', 8, (out) => out.writeBigUInt64BE(seconds)),
  /** A string of bytes that need not be UTF-8. */
  string: (bytes: Uint8Array): TypedValue => new TypedValue('S', withLength(bytes)),
} as const;

/** A table with its length in front. Names are at most 255 bytes. */
export function encodeTable(table: Arguments): Buffer {
  if (table instanceof Uint8Array) return Buffer.from(table);
  const entries = Object.entries(table).flatMap(([name, value]) =>
    value === undefined ? [] : [shortString(name), encodeValue(value)],
  );
  return withLength(Buffer.concat(entries));
}

/** A string of at most 255 bytes with its length in front. */
export function shortString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

/** Bytes with their length in front, in four bytes. */
export function withLength(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function encodeValue(value: Value): Buffer {
  const { type, bytes } = typedValue(value);
  return Buffer.concat([Buffer.from(type, 'latin1'), bytes]);
}

function typedValue(value: Value): TypedValue {
  switch (typeof value) {
    case 'string':
      return typed.string(Buffer.from(value));
    case 'number':
      return typedNumber(value);
    case 'bigint':
      return typed.int64(value);
    case 'boolean':
      return typed.raw('t', Buffer.of(value ? 1 : 0));
    default:
      return typedObject(value);
  }
}

function typedNumber(value: number): TypedValue {
  if (!Number.isInteger(value)) return typed.double(value);
  return value === (value | 0) ? typed.int32(value) : typed.int64(BigInt(value));
}

function typedObject(value: null | Uint8Array | TypedValue | readonly Value[] | Table): TypedValue {
  if (value === null) return typed.raw('V', Buffer.of());
  if (value instanceof Uint8Array) return typed.raw('x', withLength(value));
  if (isList(value)) return typed.raw('A', withLength(Buffer.concat(value.map(encodeValue))));
  return value instanceof TypedValue ? value : typed.raw('F', encodeTable(value));
}

function isList(value: TypedValue | readonly Value[] | Table): value is readonly Value[] {
  return Array.isArray(value);
}

function made(type: string, size: number, write: (out: Buffer) => void): TypedValue {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return new TypedValue(type, bytes);
}

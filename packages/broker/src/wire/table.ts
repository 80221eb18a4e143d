import { AmqpError } from '../base/amqp-error.ts';
import { emptyTable, type Field, type Table } from '../base/field.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/**
 * How deep tables and arrays are read that lie in each other. RabbitMQ reads any depth; what lies deeper is handed on
 * here as bytes, so that hostile input cannot exhaust the stack.
 */
const MAX_DEPTH = 128;

type Letter = Exclude<Field['type'], 'deep'>;

/** The value of a field of type `L`. */
type ValueOf<L extends Letter, F extends Field = Field> = F extends Field
  ? L extends F['type']
    ? F['value']
    : never
  : never;

/** How fields of one type stand on the wire, after the letter. */
interface FieldCodec {
  read(reader: ByteReader, depth: number): Field;
  write(writer: ByteWriter, value: ValueOf<Letter>): void;
}

function codec<L extends Letter>(
  type: L,
  read: (reader: ByteReader, depth: number) => ValueOf<L>,
  write: (writer: ByteWriter, value: ValueOf<L>) => void,
): FieldCodec {
  return {
    // The type parameter ties the letter to the value, which the union cannot say of a variable letter.
    read: (reader, depth) => ({ type, value: read(reader, depth) }) as Field,
    write: (writer, value) => write(writer, value as ValueOf<L>),
  };
}

/** A type of numbers that the reader and the writer have methods of the same name for. */
function number(
  type: 'b' | 'B' | 's' | 'u' | 'I' | 'i' | 'f' | 'd',
  method: 'int8' | 'octet' | 'int16' | 'short' | 'int32' | 'long' | 'float' | 'double',
): FieldCodec {
  return codec(
    type,
    (reader) => reader[method](),
    (writer, value) => writer[method](value),
  );
}

function bigint(type: 'l' | 'T', method: 'int64' | 'uint64'): FieldCodec {
  return codec(
    type,
    (reader) => reader[method](),
    (writer, value) => writer[method](value),
  );
}

function bytes(type: 'S' | 'x'): FieldCodec {
  return codec(
    type,
    (reader) => reader.longstr(),
    (writer, value) => writer.longstr(value),
  );
}

/** The types of fields that RabbitMQ knows (https://www.rabbitmq.com/amqp-0-9-1-errata, section 3). */
const codecs: Readonly<Record<Letter, FieldCodec>> = {
  t: codec(
    't',
    (reader) => reader.octet() !== 0,
    (writer, value) => writer.octet(value ? 1 : 0),
  ),
  b: number('b', 'int8'),
  B: number('B', 'octet'),
  s: number('s', 'int16'),
  u: number('u', 'short'),
  I: number('I', 'int32'),
  i: number('i', 'long'),
  l: bigint('l', 'int64'),
  f: number('f', 'float'),
  d: number('d', 'double'),
  D: codec(
    'D',
    (reader) => ({ scale: reader.octet(), unscaled: reader.long() }),
    (writer, value) => {
      writer.octet(value.scale);
      writer.long(value.unscaled);
    },
  ),
  T: bigint('T', 'uint64'),
  S: bytes('S'),
  x: bytes('x'),
  A: codec('A', readArray, writeArray),
  F: codec('F', readEntries, writeTable),
  V: codec(
    'V',
    () => null,
    () => {},
  ),
};

/** By letter as it comes. `L` is another letter for `l`; RabbitMQ reads it and writes `l`. */
const readers: ReadonlyMap<number, FieldCodec> = new Map(
  Object.entries({ ...codecs, L: codecs.l }).map(([letter, codec]) => [
    letter.charCodeAt(0),
    codec,
  ]),
);

/**
 * Reads a field table with its length before it. Of entries with the same name the first counts, as in RabbitMQ. Text
 * and bytes in it are views of what is read.
 *
 * @throws AmqpError 501 if it is cut off; 502 if it contains an unknown type or a number that is not finite.
 * RabbitMQ 3.10 drops the connection without an answer on a broken table in a method.
 */
export function readTable(reader: ByteReader): Table {
  return readEntries(reader, 1);
}

/** Writes a field table with its length before it. */
export function writeTable(writer: ByteWriter, table: Table): void {
  const place = writer.beginLength();
  for (const [name, field] of table) {
    writer.shortstr(name);
    writeField(writer, field);
  }
  writer.endLength(place);
}

/** Reads the entries of a field table without a length before them: as `readTable`. */
export function decodeEntries(bytes: Buffer): Table {
  return entriesOf(bytes, 1);
}

function readEntries(reader: ByteReader, depth: number): Table {
  return entriesOf(reader.longstr(), depth);
}

function entriesOf(bytes: Buffer, depth: number): Table {
  if (bytes.length === 0) return emptyTable;
  const entries = new ByteReader(bytes);
  const table = new Map<string, Field>();
  while (!entries.atEnd) {
    const name = entries.shortstr();
    const field = readField(entries, depth);
    if (!table.has(name)) table.set(name, field);
  }
  return table;
}

function readArray(reader: ByteReader, depth: number): Field[] {
  const items = new ByteReader(reader.longstr());
  const fields: Field[] = [];
  while (!items.atEnd) fields.push(readField(items, depth));
  return fields;
}

function writeArray(writer: ByteWriter, fields: readonly Field[]): void {
  const place = writer.beginLength();
  for (const field of fields) writeField(writer, field);
  writer.endLength(place);
}

function readField(reader: ByteReader, depth: number): Field {
  const letter = reader.octet();
  const codec = readers.get(letter);
  if (codec === undefined) throw new AmqpError(502, `unknown field type ${letter}`);
  const nests = codec === codecs.A || codec === codecs.F;
  return nests && depth > MAX_DEPTH ? deepField(letter, reader) : codec.read(reader, depth + 1);
}

function deepField(letter: number, reader: ByteReader): Field {
  const entries = reader.longstr();
  const value = Buffer.alloc(1 + 4 + entries.length);
  value.writeUInt8(letter);
  value.writeUInt32BE(entries.length, 1);
  value.set(entries, 5);
  return { type: 'deep', value };
}

function writeField(writer: ByteWriter, field: Field): void {
  if (field.type === 'deep') return writer.bytes(field.value);
  writer.octet(field.type.charCodeAt(0));
  codecs[field.type].write(writer, field.value);
}

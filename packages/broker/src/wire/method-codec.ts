import { AmqpError } from '../base/amqp-error.ts';
import { emptyTable } from '../base/field.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import {
  type FieldType,
  type FieldTypes,
  type Method,
  type MethodFields,
  type MethodName,
  methods,
} from './methods.ts';
import { readTable, writeTable } from './table.ts';

/** How fields of one type stand on the wire. */
interface TypeCodec<T> {
  read(reader: ByteReader): T;
  write(writer: ByteWriter, value: T): void;
  /** What a reserved field contains. */
  readonly blank: T;
}

/** A type that has octets of its own; bits share theirs with their neighbours. */
type OctetType = Exclude<FieldType, 'bit'>;

const codecs: { readonly [T in OctetType]: TypeCodec<FieldTypes[T]> } = {
  octet: { read: (r) => r.octet(), write: (w, value) => w.octet(value), blank: 0 },
  short: { read: (r) => r.short(), write: (w, value) => w.short(value), blank: 0 },
  long: { read: (r) => r.long(), write: (w, value) => w.long(value), blank: 0 },
  longlong: { read: (r) => r.longlong(), write: (w, value) => w.longlong(value), blank: 0 },
  shortstr: { read: (r) => r.utf8Shortstr(), write: (w, value) => w.shortstr(value), blank: '' },
  longstr: {
    read: (r) => r.longstr(),
    write: (w, value) => w.longstr(value),
    blank: Buffer.alloc(0),
  },
  table: { read: readTable, write: writeTable, blank: emptyTable },
};

/** Text in methods that a message follows, such as routing keys: RabbitMQ does not check that it is UTF-8. */
const uncheckedShortstr: TypeCodec<string> = { ...codecs.shortstr, read: (r) => r.shortstr() };

/** One field of a method, or neighbouring bits: part of the recipe by which the method is read and written. */
interface Part {
  read(reader: ByteReader, fields: Record<string, unknown>): void;
  write(writer: ByteWriter, fields: Readonly<Record<string, unknown>>): void;
}

function valuePart<T>(name: string, codec: TypeCodec<T>): Part {
  return {
    read: (reader, fields) => {
      fields[name] = codec.read(reader);
    },
    // `MethodFields` has made sure of the type.
    write: (writer, fields) => codec.write(writer, fields[name] as T),
  };
}

function reservedPart<T>(codec: TypeCodec<T>): Part {
  return {
    read: (reader) => {
      codec.read(reader);
    },
    write: (writer) => codec.write(writer, codec.blank),
  };
}

/** One of up to eight neighbouring bits. */
interface Bit {
  readonly name: string;
  readonly mask: number;
}

/** The octet that neighbouring bits share, the first in the lowest place (AMQP 0-9-1, section 4.2.5.2). */
function bitsPart(bits: readonly Bit[]): Part {
  return {
    read: (reader, fields) => {
      const octet = reader.octet();
      for (const { name, mask } of bits) fields[name] = (octet & mask) !== 0;
    },
    write: (writer, fields) => {
      let octet = 0;
      for (const { name, mask } of bits) {
        if (fields[name] === true) octet |= mask;
      }
      writer.octet(octet);
    },
  };
}

/** How one method is read and written. */
interface Recipe {
  readonly name: MethodName;
  /** Class and method in 32 bits. */
  readonly id: number;
  readonly parts: readonly Part[];
  /** Whether it contains views of what it was read from, which are copied so that they can be kept. */
  readonly hasViews: boolean;
}

function recipe(name: MethodName): Recipe {
  const definition = methods[name];
  const fields: [string, FieldType][] = Object.entries(definition.fields);
  const [classId, methodId] = definition.id;
  return {
    name,
    id: classId * 2 ** 16 + methodId,
    parts: partsOf(fields, 'content' in definition),
    hasViews: fields.some(([, type]) => type === 'longstr' || type === 'table'),
  };
}

/** @param content whether a message follows the method */
function partsOf(fields: readonly [string, FieldType][], content: boolean): Part[] {
  const parts: Part[] = [];
  let bits: Bit[] = [];
  let mask = 1;
  for (const [name, type] of fields) {
    if (type !== 'bit') {
      parts.push(octetPart(name, type, content));
      mask = 1;
      continue;
    }
    if (mask === 1) {
      bits = [];
      parts.push(bitsPart(bits));
    }
    if (!isReserved(name)) bits.push({ name, mask });
    mask <<= 1;
  }
  return parts;
}

function octetPart(name: string, type: OctetType, content: boolean): Part {
  if (type === 'shortstr' && content) return valuePart(name, uncheckedShortstr);
  const codec: TypeCodec<FieldTypes[typeof type]> = codecs[type];
  return isReserved(name) ? reservedPart(codec) : valuePart(name, codec);
}

function isReserved(field: string): boolean {
  return field.startsWith('reserved');
}

const names = Object.keys(methods) as MethodName[];
const recipes: ReadonlyMap<MethodName, Recipe> = new Map(names.map((name) => [name, recipe(name)]));
const recipesById: ReadonlyMap<number, Recipe> = new Map(
  Array.from(recipes.values(), (recipe) => [recipe.id, recipe]),
);

/**
 * Reads the payload of a method frame. Nothing in the result refers to the payload.
 *
 * @throws AmqpError 501 if the payload is too short or too long for the method, or its text is not UTF-8; 502 if a field
 * table is wrong (see `readTable`); 540 if there is no such method, where RabbitMQ 3.10 drops the connection without an
 * answer
 */
export function decodeMethod(payload: Buffer): Method {
  const id = new ByteReader(payload).long();
  const recipe = recipesById.get(id);
  if (recipe === undefined) {
    throw new AmqpError(540, `unknown method ${id & 0xffff} of class ${id >>> 16}`);
  }
  const reader = new ByteReader(recipe.hasViews ? Buffer.from(payload) : payload, 4);
  const fields: Record<string, unknown> = {};
  try {
    for (const part of recipe.parts) part.read(reader, fields);
    if (!reader.atEnd) throw new AmqpError(501, `cannot decode ${recipe.name}: it is too long`);
  } catch (error) {
    throw error instanceof AmqpError ? error.of(methods[recipe.name].id) : error;
  }
  // The recipe follows the definition of the method, and the type is made of the same definition.
  return { name: recipe.name, fields } as unknown as Method;
}

/**
 * Writes the payload of a method frame.
 *
 * @throws AmqpError 541 if a short string is longer than 255 bytes
 */
export function writeMethod<N extends MethodName>(
  writer: ByteWriter,
  name: N,
  fields: MethodFields<N>,
): void {
  const recipe = recipes.get(name);
  if (recipe === undefined) throw new AmqpError(541, `no method ${name}`);
  writer.long(recipe.id);
  for (const part of recipe.parts) part.write(writer, fields);
}

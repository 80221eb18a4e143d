import { inspect } from 'node:util';
import { type HeaderTable, type HeaderValue, LeveretError } from '@leveret/core';

/** Deeper tables than this are taken for circular ones. */
const MAX_DEPTH = 32;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** A value as the library writes it: `!` tells it the type. */
interface Typed {
  readonly '!': string;
  readonly value: unknown;
}

/** A table as the library writes it. Errors: `INVALID_ARGUMENT`, naming the path of the value. */
export function writtenTable(table: object, path: string, depth = 0): Record<string, unknown> {
  if (depth > MAX_DEPTH)
    throw invalid(path, `must not nest deeper than ${MAX_DEPTH} (circular?)`, table);
  const entries = Object.entries(table).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (Buffer.byteLength(name) > 255)
        throw invalid(path, 'must have names of at most 255 bytes', name);
      return [name, written(value, `${path}.${name}`, depth + 1)];
    }),
  );
}

function written(value: unknown, path: string, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw invalid(path, 'must be a finite number', value);
      if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
      throw invalid(path, 'must be an integer of at most 53 bits; use a bigint for more', value);
    case 'bigint':
      if (value <= MAX_INT64 && value >= MIN_INT64) return typed('long', value);
      throw invalid(path, 'must be a signed 64-bit integer', value);
    case 'object':
      return value === null ? null : writtenObject(value, path, depth);
    default:
      throw invalid(path, 'must be something that a table of AMQP holds', value);
  }
}

function writtenObject(value: object, path: string, depth: number): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (value instanceof Date) {
    if (value.getTime() >= 0) return typed('timestamp', Math.floor(value.getTime() / 1000));
    throw invalid(path, 'must be a valid date from 1970 on', value);
  }
  if (!Array.isArray(value)) return typed('object', writtenTable(value, path, depth));
  if (depth > MAX_DEPTH)
    throw invalid(path, `must not nest deeper than ${MAX_DEPTH} (circular?)`, value);
  return value.map((each: unknown, index) => written(each, `${path}[${index}]`, depth + 1));
}

function typed(type: string, value: unknown): Typed {
  return { '!': type, value };
}

function invalid(path: string, rule: string, value: unknown): LeveretError {
  const shown = inspect(value, { depth: 1, maxStringLength: 100 });
  return new LeveretError('INVALID_ARGUMENT', `${path} ${rule}, not ${shown}`);
}

/** A table as the library has read it. */
export function readTable(fields: object): HeaderTable {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, readField(value)]),
  );
}

function readField(value: unknown): HeaderValue {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    case 'object':
      if (value === null || value instanceof Uint8Array) return value;
      if (Array.isArray(value)) return value.map(readField);
      return isTimestamp(value) ? new Date(value.value * 1000) : readTable(value);
    default:
      return null;
  }
}

function isTimestamp(value: object): value is { readonly value: number } {
  return Reflect.get(value, '!') === 'timestamp' && typeof Reflect.get(value, 'value') === 'number';
}

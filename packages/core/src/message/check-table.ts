import { InvalidMessageError } from '../errors/leveret-error.ts';
import { isShortstr } from '../internal/shortstr.ts';
import type { HeaderTable, HeaderValue } from './message.ts';

/** Which of the values that not every driver carries exactly the one in use does. */
export interface TableSupport {
  /** `Date` as an AMQP timestamp. */
  readonly dates: boolean;
  /** `Uint8Array` as a byte array. */
  readonly bytes: boolean;
}

/** Deeper tables than this are taken for circular ones. */
const MAX_DEPTH = 32;
/** Above it a double has too few bits left for both halves, and drivers take it for an integer. */
const MAX_FRACTION = 2 ** 50;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/**
 * Checks a table and gives an upper bound of its encoded size in bytes, exact but for numbers. Errors: `INVALID_MESSAGE`, naming
 * the path of the value.
 */
export function checkTable(table: HeaderTable, path: string, support: TableSupport): number {
  return tableSize(table, path, support, 0);
}

function tableSize(table: object, path: string, support: TableSupport, depth: number): number {
  if (typeof table !== 'object' || table === null)
    throw new InvalidMessageError(path, table, 'must be a plain object');
  const prototype = Object.getPrototypeOf(table);
  if (prototype !== Object.prototype && prototype !== null)
    throw new InvalidMessageError(path, table, 'must be a plain object');
  if (depth > MAX_DEPTH)
    throw new InvalidMessageError(
      path,
      table,
      `must not nest deeper than ${MAX_DEPTH} (circular?)`,
    );
  let size = 4;
  for (const [key, value] of Object.entries(table)) {
    if (value === undefined) continue;
    if (!isShortstr(key))
      throw new InvalidMessageError(
        path,
        key,
        'must have names of at most 255 bytes of valid UTF-8',
      );
    // On receipt it would become the prototype of the table, so it arrives under another name.
    if (key === '__proto__')
      throw new InvalidMessageError(
        path,
        key,
        'must not have a name that JavaScript gives a meaning',
      );
    size += Buffer.byteLength(key) + 2 + valueSize(value, path, key, support, depth + 1);
  }
  return size;
}

function valueSize(
  value: unknown,
  parent: string,
  key: string | number,
  support: TableSupport,
  depth: number,
): number {
  switch (typeof value) {
    case 'string':
      if (value.isWellFormed()) return 4 + Buffer.byteLength(value);
      throw invalid(parent, key, value, 'must be valid Unicode (no lone surrogates)');
    case 'boolean':
      return 1;
    case 'number':
      return numberSize(value, parent, key);
    case 'bigint':
      if (value <= MAX_INT64 && value >= MIN_INT64) return 8;
      throw invalid(parent, key, value, 'must be a signed 64-bit integer');
    case 'object':
      return objectSize(value, parent, key, support, depth);
    default:
      throw invalid(
        parent,
        key,
        value,
        'must be a string, number, bigint, boolean, null, array or plain object',
      );
  }
}

function numberSize(value: number, parent: string, key: string | number): number {
  if (!Number.isFinite(value)) throw invalid(parent, key, value, 'must be a finite number');
  if (Number.isInteger(value)) {
    if (Number.isSafeInteger(value)) return 8;
    throw invalid(
      parent,
      key,
      value,
      'must be an integer of at most 53 bits; use a bigint for more',
    );
  }
  if (Math.abs(value) < MAX_FRACTION) return 8;
  throw invalid(parent, key, value, 'must be a fraction below 2^50');
}

function objectSize(
  value: object | null,
  parent: string,
  key: string | number,
  support: TableSupport,
  depth: number,
): number {
  if (value === null) return 0;
  if (Array.isArray(value)) return arraySize(value, pathOf(parent, key), support, depth);
  if (value instanceof Date) {
    if (!support.dates)
      throw invalid(
        parent,
        key,
        value,
        'must not be a Date: the driver in use cannot carry one here',
      );
    if (value.getTime() >= 0) return 8;
    throw invalid(parent, key, value, 'must be a valid date from 1970 on');
  }
  if (ArrayBuffer.isView(value)) {
    if (!support.bytes)
      throw invalid(
        parent,
        key,
        value,
        'must not be bytes: the driver in use cannot carry them here',
      );
    if (value instanceof Uint8Array) return 4 + value.byteLength;
    throw invalid(parent, key, value, 'must be a Uint8Array');
  }
  return tableSize(value, pathOf(parent, key), support, depth);
}

function arraySize(
  values: readonly HeaderValue[],
  path: string,
  support: TableSupport,
  depth: number,
): number {
  if (depth > MAX_DEPTH)
    throw new InvalidMessageError(
      path,
      values,
      `must not nest deeper than ${MAX_DEPTH} (circular?)`,
    );
  let size = 4;
  for (let index = 0; index < values.length; index++)
    size += 1 + valueSize(values[index], path, index, support, depth + 1);
  return size;
}

function pathOf(parent: string, key: string | number): string {
  return typeof key === 'number' ? `${parent}[${key}]` : `${parent}.${key}`;
}

function invalid(
  parent: string,
  key: string | number,
  value: unknown,
  rule: string,
): InvalidMessageError {
  return new InvalidMessageError(pathOf(parent, key), value, rule);
}

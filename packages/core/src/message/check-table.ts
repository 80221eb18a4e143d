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
 * Checks the values of a table. Gives the bytes that it takes; where those are more than `most`, so many that it is known, as the
 * rest is not looked at. Errors: `INVALID_MESSAGE`, naming the path of the value.
 */
export function checkTable(
  table: HeaderTable,
  path: string,
  support: TableSupport,
  most: number,
): number {
  const check = new TableCheck(support, most);
  check.table(table, path, 0);
  return check.bytes;
}

/**
 * A walk through a table that counts the bytes which it takes at most, exact but for numbers. It goes no further once
 * there are too many: a table in which others stand again and again has more of them than can be walked.
 */
class TableCheck {
  readonly #support: TableSupport;
  readonly #most: number;
  #bytes = 0;

  constructor(support: TableSupport, most: number) {
    this.#support = support;
    this.#most = most;
  }

  /** How many it has counted. */
  get bytes(): number {
    return this.#bytes;
  }

  table(table: object, path: string, depth: number): void {
    if (typeof table !== 'object' || table === null)
      throw new InvalidMessageError(path, table, 'must be a plain object');
    const prototype = Object.getPrototypeOf(table);
    if (prototype !== Object.prototype && prototype !== null)
      throw new InvalidMessageError(path, table, 'must be a plain object');
    checkDepth(table, path, depth);
    this.#bytes += 4;
    for (const [key, value] of Object.entries(table)) {
      if (value === undefined) continue;
      checkKey(key, path);
      this.#bytes += Buffer.byteLength(key) + 2;
      if (this.#bytes > this.#most) return;
      this.#value(value, path, key, depth + 1);
    }
  }

  #value(value: unknown, parent: string, key: string | number, depth: number): void {
    switch (typeof value) {
      case 'string':
        if (!value.isWellFormed())
          throw invalid(parent, key, value, 'must be valid Unicode (no lone surrogates)');
        this.#bytes += 4 + Buffer.byteLength(value);
        return;
      case 'boolean':
        this.#bytes += 1;
        return;
      case 'number':
        checkNumber(value, parent, key);
        this.#bytes += 8;
        return;
      case 'bigint':
        if (value > MAX_INT64 || value < MIN_INT64)
          throw invalid(parent, key, value, 'must be a signed 64-bit integer');
        this.#bytes += 8;
        return;
      case 'object':
        return this.#object(value, parent, key, depth);
      default:
        throw invalid(
          parent,
          key,
          value,
          'must be a string, number, bigint, boolean, null, array or plain object',
        );
    }
  }

  #object(value: object | null, parent: string, key: string | number, depth: number): void {
    if (value === null) return;
    if (Array.isArray(value)) return this.#array(value, pathOf(parent, key), depth);
    if (value instanceof Date) {
      this.#checkDate(value, parent, key);
      this.#bytes += 8;
    } else if (ArrayBuffer.isView(value)) {
      this.#checkBytes(value, parent, key);
      this.#bytes += 4 + value.byteLength;
    } else this.table(value, pathOf(parent, key), depth);
  }

  #array(values: readonly HeaderValue[], path: string, depth: number): void {
    checkDepth(values, path, depth);
    this.#bytes += 4;
    for (let index = 0; index < values.length; index++) {
      this.#bytes += 1;
      if (this.#bytes > this.#most) return;
      this.#value(values[index], path, index, depth + 1);
    }
  }

  #checkDate(value: Date, parent: string, key: string | number): void {
    if (!this.#support.dates)
      throw invalid(
        parent,
        key,
        value,
        'must not be a Date: the driver in use cannot carry one here',
      );
    if (!(value.getTime() >= 0))
      throw invalid(parent, key, value, 'must be a valid date from 1970 on');
  }

  #checkBytes(value: ArrayBufferView, parent: string, key: string | number): void {
    if (!this.#support.bytes)
      throw invalid(
        parent,
        key,
        value,
        'must not be bytes: the driver in use cannot carry them here',
      );
    if (!(value instanceof Uint8Array)) throw invalid(parent, key, value, 'must be a Uint8Array');
  }
}

function checkDepth(value: object, path: string, depth: number): void {
  if (depth > MAX_DEPTH)
    throw new InvalidMessageError(
      path,
      value,
      `must not nest deeper than ${MAX_DEPTH} (circular?)`,
    );
}

function checkKey(key: string, path: string): void {
  if (!isShortstr(key))
    throw new InvalidMessageError(path, key, 'must have names of at most 255 bytes of valid UTF-8');
  // On receipt it would become the prototype of the table, so it arrives under another name.
  if (key === '__proto__')
    throw new InvalidMessageError(
      path,
      key,
      'must not have a name that JavaScript gives a meaning',
    );
}

function checkNumber(value: number, parent: string, key: string | number): void {
  if (!Number.isFinite(value)) throw invalid(parent, key, value, 'must be a finite number');
  if (Number.isInteger(value)) {
    if (!Number.isSafeInteger(value))
      throw invalid(
        parent,
        key,
        value,
        'must be an integer of at most 53 bits; use a bigint for more',
      );
  } else if (Math.abs(value) >= MAX_FRACTION)
    throw invalid(parent, key, value, 'must be a fraction below 2^50');
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

import { TextDecoder } from 'node:util';
import { type Codec, LeveretError } from '@leveret/core';
import { isWithinDepth } from './depth.ts';

/** What {@link jsonCodec} may be told. */
export interface JsonCodecOptions {
  /** Changes each value before it is written: the second argument of `JSON.stringify`. */
  readonly replacer?: (this: unknown, key: string, value: unknown) => unknown;
  /** Changes each value after it was read: the second argument of `JSON.parse`. */
  readonly reviver?: (this: unknown, key: string, value: unknown) => unknown;
  /**
   * How many levels of arrays and objects a body may nest: an integer of at least 1, or `Infinity`.
   *
   * `JSON.parse` takes any depth, but code that recurses over the value overflows its stack, as
   * `JSON.stringify` does after some thousand levels. @default 1000
   */
  readonly maxDepth?: number;
}

/** What {@link jsonCodec} answers: a {@link Codec} that never needs a promise. */
export interface JsonCodec extends Codec {
  /** The bytes of `value`. Errors: `CODEC`. */
  encode(value: unknown): Uint8Array;
  /** The value in `bytes`. Errors: `CODEC`. */
  decode(bytes: Uint8Array): unknown;
}

const DEFAULT_MAX_DEPTH = 1000;

/**
 * A codec of `application/json` in UTF-8 (RFC 8259).
 *
 * - A value is written as `JSON.stringify` writes it, so `NaN` becomes `null` and a `Date` a string. A
 *   top-level `undefined`, such as the result of a function without one, becomes `null`.
 * - One byte order mark at the start of a body is skipped; none is written.
 * - A key `__proto__` in a body becomes a property of its own, never a prototype.
 *
 * @throws LeveretError `INVALID_ARGUMENT` here, where an option is not acceptable.
 * @throws LeveretError `CODEC` from `encode`: a circular value, a `bigint`, a top-level function or symbol, or
 * what `toJSON` or `replacer` threw. From `decode`: a body that is empty, not UTF-8, not JSON or nested deeper
 * than `maxDepth`, or what `reviver` threw.
 * @example
 * ```ts
 * const codec = jsonCodec()
 * codec.encode({ task_id: 7 })                      // the bytes of {"task_id":7}
 * codec.decode(Buffer.from('{"task_id":7}'))        // { task_id: 7 }
 * ```
 */
export function jsonCodec(options: JsonCodecOptions = {}): JsonCodec {
  const { replacer, reviver, maxDepth = DEFAULT_MAX_DEPTH } = options;
  checkFunction('replacer', replacer);
  checkFunction('reviver', reviver);
  checkDepth(maxDepth);
  // In one call as fast as `buffer.toString()`, strict about bytes, and skipping a byte order mark.
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  return {
    contentType: 'application/json',
    encode: (value) => Buffer.from(stringify(value, replacer)),
    decode(bytes) {
      const text = toText(bytes, utf8);
      if (!isWithinDepth(text, bytes, maxDepth))
        throw new LeveretError('CODEC', `the body nests deeper than maxDepth, ${maxDepth} levels`);
      return parse(text, reviver);
    },
  };
}

function stringify(value: unknown, replacer: JsonCodecOptions['replacer']): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, replacer);
  } catch (cause) {
    throw codecError('the value cannot be written as JSON', cause);
  }
  if (text !== undefined) return text;
  if (value === undefined) return 'null';
  throw new LeveretError('CODEC', `JSON has no form for a ${typeof value} that gives no value`);
}

function parse(text: string, reviver: JsonCodecOptions['reviver']): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch (cause) {
    throw codecError('the body is not acceptable JSON', cause);
  }
}

/** The text of a body, without a byte order mark. */
function toText(bytes: Uint8Array, utf8: TextDecoder): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw codecError('the body is not UTF-8', cause);
  }
}

function codecError(message: string, cause: unknown): LeveretError {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new LeveretError('CODEC', message + reason, { cause });
}

function checkFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new LeveretError('INVALID_ARGUMENT', `jsonCodec: ${name} must be a function`);
}

function checkDepth(maxDepth: number): void {
  if (maxDepth === Infinity || (Number.isSafeInteger(maxDepth) && maxDepth >= 1)) return;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `jsonCodec: maxDepth must be an integer of at least 1, or Infinity, not ${String(maxDepth)}`,
  );
}

import { type Codec, LeveretError } from '@leveret/core';
import { Decoder, Encoder, type ExtensionCodec } from '@msgpack/msgpack';
import { checkBigInts } from './check-bigints.ts';
import { checkBody } from './check-body.ts';
import { strictExtensions } from './strict-extensions.ts';

/** What {@link msgpackCodec} may be told. */
export interface MsgpackCodecOptions {
  /** Further types, as extensions. @default `Date` ↔ the timestamp extension */
  readonly extensionCodec?: ExtensionCodec;
  /**
   * Writes `bigint` as an integer of 64 bits and reads those as `bigint`. Without it a `bigint` is refused, and
   * so is a 64-bit integer in a body that a number does not hold exactly. @default false
   */
  readonly useBigInt64?: boolean;
  /** Leaves out properties that are `undefined`, as JSON does, instead of writing nil. @default true */
  readonly ignoreUndefined?: boolean;
  /**
   * How many levels of arrays and maps that hold something may nest, in what is written and what is read: an
   * integer from 1 to 1000. @default 1000
   */
  readonly maxDepth?: number;
}

/** What {@link msgpackCodec} answers: a {@link Codec} that never needs a promise. */
export interface MsgpackCodec extends Codec {
  /** The bytes of `value`. Errors: `CODEC`. */
  encode(value: unknown): Uint8Array;
  /** The value in `bytes`. Errors: `CODEC`. */
  decode(bytes: Uint8Array): unknown;
}

const MAX_DEPTH = 1000;
/** Bytes beyond which an encoder or decoder is dropped after use, since each keeps hold of its last body. */
const KEEP = 64 * 1024;

/**
 * A codec of MessagePack, `application/msgpack`; it also reads `application/x-msgpack` and
 * `application/vnd.msgpack`.
 *
 * - `Uint8Array` ↔ bin, `Date` ↔ timestamp; `undefined` becomes nil, which reads as `null`.
 * - Bytes in a decoded value stand in one copy of the body, made where there are any.
 * - An extension without a decoder reads as {@link ExtData}.
 *
 * @throws LeveretError `INVALID_ARGUMENT` here, where an option is not acceptable.
 * @throws LeveretError `CODEC` from `encode`: a function, symbol, `bigint` (see `useBigInt64`), circular or too
 * deep value, and instances of classes without an extension, among them `Map` and `Set`. From `decode`: a
 * body that is empty, cut short, followed by further bytes, nested too deep or no MessagePack, a key that is
 * `__proto__` or neither string nor number, and what an extension threw.
 * @example
 * ```ts
 * const codec = msgpackCodec()
 * codec.decode(codec.encode({ at: new Date(0) }))   // { at: 1970-01-01T00:00:00.000Z }
 * ```
 */
export function msgpackCodec(options: MsgpackCodecOptions = {}): MsgpackCodec {
  const { useBigInt64 = false, ignoreUndefined = true, maxDepth = MAX_DEPTH } = options;
  checkDepth(maxDepth);
  const extensionCodec = strictExtensions(options.extensionCodec);
  // The library counts the value inside the deepest container as a level.
  const newEncoder = () =>
    new Encoder({ extensionCodec, useBigInt64, ignoreUndefined, maxDepth: maxDepth + 1 });
  const newDecoder = () => new Decoder({ extensionCodec, useBigInt64 });
  const rules = { maxDepth, useBigInt64 };
  let encoder = newEncoder();
  let decoder = newDecoder();
  return {
    contentType: 'application/msgpack',
    aliases: [{ contentType: 'application/x-msgpack' }, { contentType: 'application/vnd.msgpack' }],
    encode(value) {
      if (useBigInt64) checkBigInts(value, maxDepth);
      try {
        const bytes = encoder.encode(value);
        if (bytes.length > KEEP) encoder = newEncoder();
        return bytes;
      } catch (cause) {
        throw codecError('the value cannot be written as MessagePack', cause);
      }
    },
    decode(bytes) {
      const hasBytes = checkBody(bytes, rules);
      try {
        const value = decoder.decode(hasBytes ? new Uint8Array(bytes) : bytes);
        if (bytes.length > KEEP) decoder = newDecoder();
        return value;
      } catch (cause) {
        throw codecError('the body is not acceptable MessagePack', cause);
      }
    },
  };
}

function codecError(failure: string, cause: unknown): LeveretError {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return LeveretError.from(cause, 'CODEC', failure + reason);
}

function checkDepth(maxDepth: number): void {
  if (Number.isInteger(maxDepth) && maxDepth >= 1 && maxDepth <= MAX_DEPTH) return;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `msgpackCodec: maxDepth must be an integer from 1 to ${MAX_DEPTH}, not ${String(maxDepth)}`,
  );
}

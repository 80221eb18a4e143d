import { constants } from 'node:buffer';
import { type Codec, LeveretError } from '@leveret/core';
import { type GzipForm, zippedKinds } from './kinds.ts';
import { unzip, type ZipLimits, zip } from './zip.ts';

/** What {@link gzipCodec} may be told. */
export interface GzipCodecOptions {
  /** How hard to press, from 0 (not at all) to 9. @default zlib's own, 6 */
  readonly level?: number;
  /**
   * How many bytes a body may hold once unzipped, so that a small message cannot fill the memory; an integer
   * from 1 to `buffer.constants.MAX_LENGTH`. The default is four times the 16 MiB that RabbitMQ 4 takes as a message.
   * @default 67_108_864 (64 MiB)
   */
  readonly maxOutputBytes?: number;
  /**
   * Unzipped bodies of up to so many bytes are handled at once, larger ones on a thread of libuv's pool, with
   * a promise; an integer of at least 0. @default 65_536 (64 KiB)
   */
  readonly asyncAbove?: number;
  /** How messages say that they are zipped; both forms are read. @default 'encoding' */
  readonly form?: GzipForm;
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const ASYNC_ABOVE = 64 * 1024;

/**
 * A codec that zips what `inner` writes (RFC 1952) and unzips what `inner` reads.
 *
 * - Small bodies of a synchronous `inner` are encoded and decoded without a promise.
 * - `form: 'encoding'` writes the content type of `inner` and the content encoding `gzip`, after an encoding
 *   that `inner` has; `'aio-pika'` writes `application/json;compression=gzip` and no encoding.
 * - A body of several gzip members is read as their sum; zeros after it are padding, anything else is refused.
 *
 * @throws LeveretError `INVALID_ARGUMENT` here, where an option is not acceptable or `inner` zips already.
 * @throws LeveretError `CODEC` from `encode` and `decode`, thrown or as a rejection: a body that is no gzip, cut
 * short or damaged, or larger than `maxOutputBytes` once unzipped. What `inner` throws is passed on as it is.
 * @example
 * ```ts
 * const codec = gzipCodec(jsonCodec())
 * codec.decode(await codec.encode({ task_id: 7 }))  // { task_id: 7 }
 * ```
 */
export function gzipCodec(inner: Codec, options: GzipCodecOptions = {}): Codec {
  const {
    maxOutputBytes = MAX_OUTPUT_BYTES,
    asyncAbove = ASYNC_ABOVE,
    form = 'encoding',
  } = options;
  checkInteger('level', options.level ?? 6, 0, 9);
  checkInteger('maxOutputBytes', maxOutputBytes, 1, constants.MAX_LENGTH);
  checkInteger('asyncAbove', asyncAbove, 0);
  checkForm(form);
  const { main, aliases } = zippedKinds(inner, form);
  const limits: ZipLimits = { level: options.level, maxOutputBytes, asyncAbove };
  return {
    ...main,
    aliases,
    encode(value) {
      const plain = inner.encode(value);
      if (plain instanceof Uint8Array) return zip(plain, limits);
      return plain.then((bytes) => zip(bytes, limits));
    },
    decode(bytes) {
      const plain = unzip(bytes, limits);
      if (plain instanceof Uint8Array) return inner.decode(plain);
      return plain.then((unzipped) => inner.decode(unzipped));
    },
  };
}

function checkInteger(
  name: string,
  value: number,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw invalid(`${name} must be an integer ${range}, not ${String(value)}`);
}

function checkForm(form: string): void {
  if (form === 'encoding' || form === 'aio-pika') return;
  throw invalid(`form must be 'encoding' or 'aio-pika', not ${String(form)}`);
}

function invalid(message: string): LeveretError {
  return new LeveretError('INVALID_ARGUMENT', `gzipCodec: ${message}`);
}

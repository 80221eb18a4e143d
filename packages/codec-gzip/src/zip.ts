import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';
import { LeveretError } from '@leveret/core';

const gzipAsync = promisify<Uint8Array, { level: number }, Uint8Array>(gzip);
const gunzipAsync = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(gunzip);

/** The bounds of {@link zip} and {@link unzip}, in bytes of unzipped body. */
export interface ZipLimits {
  /** The level of zlib, from 0 to 9; its own default, 6, where it is left out. */
  readonly level: number | undefined;
  /** What a body may hold, in bytes. */
  readonly maxOutputBytes: number;
  /** Up to how many bytes the work is done at once, instead of on another thread. */
  readonly asyncAbove: number;
}

/** The zipped form of `plain`: at once where it is small, else a promise. Fails with `CODEC`. */
export function zip(plain: Uint8Array, limits: ZipLimits): Uint8Array | Promise<Uint8Array> {
  if (plain.length > limits.maxOutputBytes) throw tooLarge(limits);
  const options = { level: limits.level ?? constants.Z_DEFAULT_COMPRESSION };
  // zlib gives a view of 16 KiB that it sets aside, and a message that waits for its confirm would keep hold of all of them.
  if (plain.length <= limits.asyncAbove) return Buffer.from(gzipSync(plain, options));
  return gzipAsync(plain, options);
}

/** What `zipped` holds: at once where that is small, else a promise. Fails with `CODEC`. */
export function unzip(zipped: Uint8Array, limits: ZipLimits): Uint8Array | Promise<Uint8Array> {
  const { asyncAbove, maxOutputBytes } = limits;
  const announced = announcedSize(zipped);
  if (Math.max(zipped.length, announced) <= asyncAbove) {
    const bound = Math.max(1, Math.min(asyncAbove, maxOutputBytes));
    try {
      return gunzipSync(zipped, { maxOutputLength: bound, chunkSize: chunkFor(announced) });
    } catch (cause) {
      // Larger than it announced: then it is not work for this thread, or not acceptable at all.
      if (!isTooLarge(cause) || bound === maxOutputBytes) throw unzipError(cause, limits);
    }
  }
  return gunzipAsync(zipped, { maxOutputLength: maxOutputBytes }).catch((cause: unknown) => {
    throw unzipError(cause, limits);
  });
}

/** Bytes that zlib sets aside at a time for what takes so many, and for the end of it. */
function chunkFor(bytes: number): number {
  return Math.min(bytes + 64, constants.Z_DEFAULT_CHUNK);
}

/** The size that the last four bytes give (RFC 1952, 2.3.1): a hint, since nobody need tell the truth. */
function announcedSize(zipped: Uint8Array): number {
  if (zipped.length < 4) return 0;
  return new DataView(zipped.buffer, zipped.byteOffset).getUint32(zipped.length - 4, true);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function unzipError(cause: unknown, limits: ZipLimits): LeveretError {
  if (isTooLarge(cause)) return tooLarge(limits, { cause });
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new LeveretError('CODEC', `the body is not acceptable gzip${reason}`, { cause });
}

function tooLarge({ maxOutputBytes }: ZipLimits, options: { cause?: unknown } = {}): LeveretError {
  const message = `the unzipped body is larger than maxOutputBytes, ${maxOutputBytes} bytes`;
  return new LeveretError('CODEC', message, options);
}

import { type Channel, type HeaderTable, InvalidMessageError, LeveretError } from '@leveret/core';

// What the types say, said again to callers in JavaScript. Errors: `INVALID_ARGUMENT`, but for headers.

/** Options are an object. */
export function checkOptions(options: object): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new LeveretError('INVALID_ARGUMENT', 'options must be an object');
}

/** A channel is what declares; one of another copy of core will do. */
export function checkChannel(channel: Channel): void {
  if (typeof channel?.declareQueue !== 'function')
    throw new LeveretError('INVALID_ARGUMENT', 'channel must be a Channel');
}

/** The name of a method is part of that of its queue, and the broker would name one without. */
export function checkMethodName(name: string): void {
  if (typeof name !== 'string' || name === '')
    throw new LeveretError(
      'INVALID_ARGUMENT',
      'name of a method must be a string that is not empty',
    );
}

/** What a timer takes. */
export function checkTimeout(timeout: number): number {
  if (typeof timeout === 'number' && timeout >= 0 && timeout < 2 ** 31) return timeout;
  throw new LeveretError('INVALID_ARGUMENT', 'timeout must be milliseconds from 0 to 2147483647');
}

/** A yes or no, or its default. */
export function checkFlag(field: string, value: boolean | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  throw new LeveretError('INVALID_ARGUMENT', `${field} must be true or false`);
}

/** A bound on what is held. */
export function checkBound(field: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new LeveretError('INVALID_ARGUMENT', `${field} must be a whole number from 1 on`);
}

/** A signal is used when the call settles, where its failure would be nobody's; one of another realm will do. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (
    typeof signal !== 'object' ||
    signal === null ||
    typeof signal.aborted !== 'boolean' ||
    typeof signal.addEventListener !== 'function' ||
    typeof signal.removeEventListener !== 'function'
  )
    throw new LeveretError('INVALID_ARGUMENT', 'signal must be an AbortSignal');
}

/** Headers are copied into those of the request, and a copy would make a table of anything. Errors: `INVALID_MESSAGE`. */
export function checkHeaders(headers: HeaderTable | undefined): void {
  if (headers !== undefined && Object.prototype.toString.call(headers) !== '[object Object]')
    throw new InvalidMessageError('headers', headers, 'must be a plain object');
}

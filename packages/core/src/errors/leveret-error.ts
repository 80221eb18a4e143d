import { errorCodes, type LeveretErrorCode } from './codes.ts';

/** What an error may carry besides its code and message. */
export interface LeveretErrorOptions {
  /** What led to it: another error, or what somebody else's code threw. */
  readonly cause?: unknown;
}

/**
 * The one error class of Leveret. `code` is one of a closed set, so handlers switch on it and never on
 * text; `retryable` says whether the same call may succeed later.
 *
 * `instanceof` works across two installed copies of this package, by a brand instead of identity.
 *
 * @example
 * ```ts
 * try {
 *   await exchange.publish(message, 'user.created')
 * } catch (error) {
 *   if (error instanceof LeveretError && error.code === 'UNROUTABLE') return
 *   throw error
 * }
 * ```
 */
export class LeveretError extends Error {
  /** What `instanceof` looks for; a subclass that works across copies brings its own. */
  static readonly brand: symbol = Symbol.for('@leveret/core/LeveretError');

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'LeveretError', writable: true });
    Object.defineProperty(this.prototype, this.brand, { value: true });
  }

  /** True for instances of this class made by any copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Object.hasOwn(this, 'brand')
      ? typeof value === 'object' && value !== null && this.brand in value
      : Function.prototype[Symbol.hasInstance].call(this, value);
  }

  /** Which kind of failure it is. */
  readonly code: LeveretErrorCode;

  constructor(code: LeveretErrorCode, message: string, options: LeveretErrorOptions = {}) {
    super(`${code}: ${message}`, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
  }

  /** Whether the same call may succeed later without a change of its input. */
  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }

  /** `error` itself where it is ours, else a new error of `code` with it as the cause. */
  static from(error: unknown, code: LeveretErrorCode, message?: string): LeveretError {
    if (error instanceof LeveretError) return error;
    return new LeveretError(code, message ?? describe(error), { cause: error });
  }
}

/** Bad input for one message: which field, what it was, and the rule that it breaks. */
export class InvalidMessageError extends LeveretError {
  /** What `instanceof` looks for. */
  static override readonly brand: symbol = Symbol.for('@leveret/core/InvalidMessageError');

  static {
    Object.defineProperty(this.prototype, this.brand, { value: true });
  }

  /** Path of the field, such as `headers.retries[2]`. */
  readonly field: string;
  /** What the field held. */
  readonly value: unknown;
  /** The rule, in words. */
  readonly rule: string;

  constructor(field: string, value: unknown, rule: string) {
    super('INVALID_MESSAGE', `${field} ${rule}, not ${describe(value)}`);
    this.field = field;
    this.value = value;
    this.rule = rule;
  }
}

/** An operation that did not end before its deadline. */
export class TimeoutError extends LeveretError {
  /** What `instanceof` looks for. */
  static override readonly brand: symbol = Symbol.for('@leveret/core/TimeoutError');

  static {
    Object.defineProperty(this.prototype, this.brand, { value: true });
  }

  /** What was under way, such as `queue.declare`. */
  readonly operation: string;
  /** How long it was waited for, in milliseconds. */
  readonly timeout: number;

  constructor(operation: string, timeout: number, options: LeveretErrorOptions = {}) {
    super('TIMEOUT', `${operation} did not end within ${timeout} ms`, options);
    this.operation = operation;
    this.timeout = timeout;
  }
}

/** A short, safe text for any value: the message of an error, else a bounded rendering. */
export function describe(value: unknown): string {
  if (value instanceof Error) return messageOf(value);
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** What an error says, whatever somebody has made of its message. */
function messageOf(error: Error): string {
  try {
    return `${error.message}`;
  } catch {
    return 'an error whose message is no text';
  }
}

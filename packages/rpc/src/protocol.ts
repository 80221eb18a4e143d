import { type Encoded, LeveretError } from '@leveret/core';

/** Exchange through which expired requests come back to their callers (aio-pika's `RPC.DLX_NAME`). */
export const DEAD_LETTER_EXCHANGE = 'rpc.dlx';

/** The `type` property of the three kinds of message (aio-pika's `RPCMessageType`). */
export const MESSAGE_TYPE = { call: 'call', result: 'result', error: 'error' } as const;

/** The header that names the caller's result queue; expired requests are routed by it. */
export const FROM_HEADER = 'From';

/** How a failure travels: aio-pika's `JsonRPC` writes and reads this shape. */
export interface ErrorPayload {
  readonly error: { readonly type: string; readonly message: string; readonly args: unknown };
}

/** `REMOTE_ERROR`: the method was called and failed, and this is what it said. */
export class RemoteError extends LeveretError {
  /** What `instanceof` looks for. */
  static override readonly brand: symbol = Symbol.for('@leveret/rpc/RemoteError');

  static {
    Object.defineProperty(this.prototype, this.brand, { value: true });
  }

  /** Name of the class of what was thrown there, such as `TypeError`, or `ValueError` from Python. */
  readonly type: string;
  /** What was said there, as it came. */
  readonly remoteMessage: string;
  /** Arguments of the exception there, where it has some. */
  readonly args: readonly unknown[];

  constructor(type: string, message: string, args: readonly unknown[]) {
    super('REMOTE_ERROR', `${type}: ${message}`);
    this.type = type;
    this.remoteMessage = message;
    this.args = args;
  }
}

/** Bodies above it, in bytes, are the ones that a broker may refuse for their size. */
const LARGE = 65_536;

/**
 * Whether to have a message confirmed. A reply confirms its request, and the caller's timeout covers both; but
 * a message that is too large for the broker costs the channel, and only a confirm tells whose it was.
 */
export function needsConfirm({ body }: Encoded): boolean {
  return body.byteLength > LARGE;
}

/** Name of the queue of a method. */
export function queueName(exchange: string, method: string): string {
  return exchange === '' ? method : `${exchange}::${method}`;
}

/** The payload for whatever a method threw. */
export function errorPayload(error: unknown): ErrorPayload {
  try {
    if (!(error instanceof Error)) return payloadOf('Error', String(error), []);
    const message = String(error.message);
    const type = error instanceof LeveretError ? error.code : className(error);
    return payloadOf(type, message, [message]);
  } catch {
    // An object without a prototype, or one whose text throws.
    return payloadOf('Error', 'the method threw something that has no text', []);
  }
}

/** Its name; that of its class where it has none of its own, as in `class NotFound extends Error {}`. */
function className(error: Error): string {
  return error.name === 'Error' ? String(error.constructor.name || 'Error') : String(error.name);
}

function payloadOf(type: string, message: string, args: readonly unknown[]): ErrorPayload {
  return { error: { type, message, args } };
}

/** The error in a reply of type `error`, whatever shape its payload has. */
export function remoteError(payload: unknown): RemoteError {
  const error = property(payload, 'error');
  const type = property(error, 'type');
  const message = property(error, 'message');
  const args = property(error, 'args');
  return new RemoteError(
    typeof type === 'string' ? type : 'Error',
    typeof message === 'string' ? message : 'the callee gave no message',
    Array.isArray(args) ? args : [],
  );
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

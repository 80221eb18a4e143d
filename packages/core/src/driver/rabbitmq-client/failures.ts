import { LeveretError } from '../../errors/leveret-error.ts';
import { textOf } from '../amqp/failures.ts';

/** The error for a connection that could not be opened. */
export function connectFailed(error: unknown): LeveretError {
  if (error instanceof LeveretError) return error;
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (code === 'ACCESS_REFUSED' || code === 'NOT_ALLOWED')
    return new LeveretError(code, textOf(error).replace(NO_METHOD, ''), { cause: error });
  // Node gathers the failures of all addresses of a name in an AggregateError without a message.
  const text = textOf(error) || String(code ?? 'no reason given');
  return new LeveretError('CONNECTION_FAILED', text, { cause: error });
}

/** Where a close blames no method the driver says so in its own way. */
const NO_METHOD = /^undefined: /;

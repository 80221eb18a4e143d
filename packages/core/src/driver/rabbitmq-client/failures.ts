import type { LeveretErrorCode } from '../../errors/codes.ts';
import { describe, LeveretError, type LeveretErrorOptions } from '../../errors/leveret-error.ts';
import { REPLY } from './protocol.ts';

/** What the broker said when it closed a channel or the connection. */
export interface CloseFrame {
  readonly replyCode: number;
  readonly replyText: string;
  /** The method that it blames; 0 for none. */
  readonly methodId: number;
}

/**
 * The peer did what AMQP does not allow. Thrown where frames are read, which costs the connection; whoever
 * uses that sees `CONNECTION_FAILED` or `CONNECTION_LOST` with this as its cause.
 */
export class ProtocolViolation extends Error {}

const CODES: ReadonlyMap<number, LeveretErrorCode> = new Map([
  [REPLY.connectionForced, 'CONNECTION_LOST'],
  [REPLY.accessRefused, 'ACCESS_REFUSED'],
  [REPLY.notFound, 'NOT_FOUND'],
  [REPLY.resourceLocked, 'RESOURCE_LOCKED'],
  [REPLY.preconditionFailed, 'PRECONDITION_FAILED'],
  [REPLY.notAllowed, 'NOT_ALLOWED'],
]);

/** Reads the parameters of `channel.close` or `connection.close`. */
export function closeFrame(params: Readonly<Record<string, unknown>> | undefined): CloseFrame {
  return {
    replyCode: Number(params?.['replyCode'] ?? 0),
    replyText: String(params?.['replyText'] ?? ''),
    methodId: Number(params?.['methodId'] ?? 0),
  };
}

/** The error for a request that the broker closed a channel or connection over. */
export function refused(close: CloseFrame, options: LeveretErrorOptions = {}): LeveretError {
  const code = CODES.get(close.replyCode) ?? 'REFUSED';
  return new LeveretError(code, `${close.replyText} (reply code ${close.replyCode})`, options);
}

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

/** The error for whatever was under way when the connection went. */
export function lost(error: unknown): LeveretError {
  return LeveretError.from(error, 'CONNECTION_LOST', textOf(error));
}

/** Where a close blames no method the driver says so in its own way. */
const NO_METHOD = /^undefined: /;

/** Characters that are quoted of an error: the driver's may hold a whole frame. */
const QUOTED = 500;

function textOf(error: unknown): string {
  const text = describe(error);
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}

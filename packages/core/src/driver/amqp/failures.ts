import type { LeveretErrorCode } from '../../errors/codes.ts';
import { describe, LeveretError } from '../../errors/leveret-error.ts';
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

/** The broker closed the connection. */
export class ConnectionClosed extends Error {
  /** Why: 320 is CONNECTION_FORCED. */
  readonly replyCode: number;

  constructor({ replyCode, replyText }: CloseFrame) {
    super(`${replyText} (reply code ${replyCode})`);
    this.replyCode = replyCode;
  }
}

/** The error for a request that the broker closed a channel or connection over. */
function refused({ replyCode, replyText }: CloseFrame): LeveretError {
  const code = CODES.get(replyCode) ?? 'REFUSED';
  return new LeveretError(code, `${replyText} (reply code ${replyCode})`);
}

/** The error for whatever was under way when the connection went. */
export function lost(error: unknown): LeveretError {
  return LeveretError.from(error, 'CONNECTION_LOST', textOf(error));
}

/** Why a request fails that gets no answer: it was refused where a close blames its method, and is lost otherwise. */
export function unanswered(
  close: CloseFrame | undefined,
  methodId: number | undefined,
  cause: Error,
): LeveretError {
  return close && close.methodId === methodId ? refused(close) : lost(cause);
}

/** Characters that are quoted of an error: that of a library may hold a whole frame. */
const QUOTED = 500;

/** What an error says, within bounds. */
export function textOf(error: unknown): string {
  const text = describe(error);
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}

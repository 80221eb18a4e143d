import { LeveretError } from '../errors/leveret-error.ts';
import type { WireMessage, WireReturn } from '../message/message.ts';

/** How one message is published. */
export interface PublishRequest {
  readonly message: WireMessage;
  /** Milliseconds until it must be confirmed. */
  readonly timeout: number;
  /** Whether to send it on the next channel where this one was lost before it was confirmed. */
  readonly resend: boolean;
  /** Whether to wait for the broker's answer. */
  readonly confirm: boolean;
  /** Whether it fails where it reaches no queue; else the channel's listeners are told. */
  readonly rejectReturned: boolean;
}

/** A publish that has not settled. */
export interface Publication extends PublishRequest {
  readonly settle: (error?: LeveretError) => void;
}

/** One message may go to several exchanges or keys under one id. */
export function isSame(message: WireMessage, wire: WireReturn): boolean {
  return (
    message.mandatory &&
    message.messageId === wire.messageId &&
    message.exchange === wire.exchange &&
    message.routingKey === wire.routingKey
  );
}

/** It was changed since it was checked, or frames are smaller than they were then. */
export function unwritable(error: unknown): LeveretError {
  return LeveretError.from(error, 'INVALID_MESSAGE');
}

/** The broker refused it. */
export function nacked(cause?: LeveretError): LeveretError {
  return new LeveretError('NACKED', 'the broker refused the message', cause ? { cause } : {});
}

/** It is not known whether the broker has it. */
export function unconfirmed(cause: LeveretError): LeveretError {
  return new LeveretError('UNCONFIRMED', 'sent, and then the channel was gone', { cause });
}

import { type IncomingMessage, LeveretError } from '@leveret/core';
import { NackMessage, RejectMessage, RetryLater } from './outcomes.ts';
import type { FailureOptions } from './types.ts';

/** Why a task was given up. */
export type GivenUpReason =
  /** Its attempts are used up. */
  | 'attempts'
  /** `retryIf` or the backoff said that another try is of no use. */
  | 'not-retried'
  /** It came back unsettled too often: it ends its workers, perhaps. */
  | 'redelivered'
  /** The handler said so, by `RejectMessage` or `NackMessage`. */
  | 'rejected'
  /** The handler failed, and the worker does not put failed tasks back. */
  | 'failed'
  /** Its body or payload is none that a handler could be given. */
  | 'unusable'
  /** It waited for longer than its `expiration`. */
  | 'expired'
  /** Its handler ignored the timeout, and the worker rejects such tasks. */
  | 'stuck';

/** A task that no handler is to have again; `cause` says what was wrong with it. */
export class GivenUp extends LeveretError {
  readonly reason: GivenUpReason;

  constructor(reason: GivenUpReason, cause: unknown) {
    const error = LeveretError.from(cause, 'HANDLER_FAILED');
    super(error.code, `the task was given up (${reason})`, { cause });
    this.reason = reason;
  }

  /** What was wrong, as an error of ours. */
  get error(): LeveretError {
    return LeveretError.from(this.cause, 'HANDLER_FAILED');
  }
}

/** What becomes of a task whose handler did not return. */
export type Verdict =
  | { readonly kind: 'requeue'; readonly by: 'reject' | 'nack'; readonly failure: boolean }
  | { readonly kind: 'later'; readonly outcome: RetryLater }
  | { readonly kind: 'give-up'; readonly by: 'reject' | 'nack'; readonly given: GivenUp };

/** The one place where it follows from what was thrown. */
export function verdictOf(
  error: unknown,
  message: Pick<IncomingMessage, 'redelivered'>,
  failure: Required<FailureOptions>,
): Verdict {
  if (error instanceof GivenUp) return { kind: 'give-up', by: 'reject', given: error };
  if (error instanceof RetryLater) return { kind: 'later', outcome: error };
  if (error instanceof RejectMessage || error instanceof NackMessage) {
    const by = error instanceof RejectMessage ? 'reject' : 'nack';
    if (error.requeue) return { kind: 'requeue', by, failure: false };
    return { kind: 'give-up', by, given: new GivenUp('rejected', error) };
  }
  const again = failure.requeue && !(failure.rejectOnRedelivered && message.redelivered);
  if (again) return { kind: 'requeue', by: 'reject', failure: true };
  return { kind: 'give-up', by: 'reject', given: new GivenUp('failed', error) };
}

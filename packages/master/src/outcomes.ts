import { LeveretError } from '@leveret/core';
import { checkDelay } from './delay/stages.ts';

/** What becomes of a task that a handler refuses. */
export interface OutcomeOptions {
  /** True puts the task back to its queue, false drops or dead-letters it. Default false. */
  readonly requeue?: boolean;
}

/**
 * Thrown by a handler: refuse this task by `basic.reject`, which a quorum queue counts towards its delivery
 * limit. It is a decision and not reported as a failure.
 *
 * @example
 * ```ts
 * if (!known(task_id)) throw new RejectMessage({ requeue: false })
 * ```
 */
export class RejectMessage extends LeveretError {
  /** What `instanceof` looks for. */
  static override readonly brand: symbol = Symbol.for('@leveret/master/RejectMessage');

  static {
    Object.defineProperty(this.prototype, this.brand, { value: true });
  }

  /** Whether the task goes back to its queue. */
  readonly requeue: boolean;

  constructor({ requeue = false }: OutcomeOptions = {}) {
    super('HANDLER_FAILED', `the handler rejected the task${requeue ? ' for another try' : ''}`);
    this.requeue = requeue;
  }
}

/** Thrown by a handler: refuse this task by `basic.nack`. See {@link RejectMessage} for the difference. */
export class NackMessage extends LeveretError {
  /** What `instanceof` looks for. */
  static override readonly brand: symbol = Symbol.for('@leveret/master/NackMessage');

  static {
    Object.defineProperty(this.prototype, this.brand, { value: true });
  }

  /** Whether the task goes back to its queue. */
  readonly requeue: boolean;

  constructor({ requeue = false }: OutcomeOptions = {}) {
    super('HANDLER_FAILED', `the handler nacked the task${requeue ? ' for another try' : ''}`);
    this.requeue = requeue;
  }
}

/** When a task is to come again, and whether the try counts. */
export interface RetryLaterOptions {
  /** Milliseconds until it comes again, up to 400 days. */
  readonly delay: number;
  /** Whether this try counts as one of `retry.attempts`. Default true. */
  readonly counts?: boolean;
  /** Why, for the event and for the dead letter that it may become. */
  readonly cause?: unknown;
}

/**
 * Thrown by a handler: have the task come again after a delay, which it spends in the broker. Where the worker
 * retries, this is one of its attempts unless `counts` is false, and the last of them ends with the dead
 * letters; a worker without `retry` knows no last one.
 *
 * @example
 * ```ts
 * if (response.status === 429) throw new RetryLater({ delay: 60_000 })
 * ```
 */
export class RetryLater extends LeveretError {
  /** What `instanceof` looks for. */
  static override readonly brand: symbol = Symbol.for('@leveret/master/RetryLater');

  static {
    Object.defineProperty(this.prototype, this.brand, { value: true });
  }

  /** Milliseconds until the task comes again. */
  readonly delay: number;
  /** Whether the try counts. */
  readonly counts: boolean;

  /** Errors: `INVALID_MESSAGE`, naming `delay`. */
  constructor({ delay, counts = true, cause }: RetryLaterOptions) {
    super(
      'HANDLER_FAILED',
      `the handler wants the task again in ${checkDelay('delay', delay)} ms`,
      cause === undefined ? {} : { cause },
    );
    this.delay = delay;
    this.counts = counts;
  }
}

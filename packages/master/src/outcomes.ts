import { LeveretError } from '@leveret/core';

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

import type { Session } from '../channel/session.ts';
import type { ConsumerStatus, Subscription } from '../channel/subscription.ts';
import { describe, LeveretError } from '../errors/leveret-error.ts';

/** A running consumer of a queue. Made by {@link Queue.consume}. */
export class Consumer {
  readonly #session: Session;
  readonly #subscription: Subscription;

  private constructor(session: Session, subscription: Subscription) {
    this.#session = session;
    this.#subscription = subscription;
  }

  /** @internal */
  static make(session: Session, subscription: Subscription): Consumer {
    return new Consumer(session, subscription);
  }

  /** Name of its queue at present. */
  get queue(): string {
    return this.#subscription.config.queue.name;
  }

  /** Its tag at the broker at present; `undefined` while it recovers and once it has ended. */
  get tag(): string | undefined {
    return this.#subscription.tag;
  }

  /**
   * Resolves once it has ended: with `undefined` where it was closed on purpose, else with the error
   * (`CANCELLED` where the broker cancelled it, or why the connection is closed for good).
   */
  get ended(): Promise<LeveretError | undefined> {
    return this.#subscription.ended;
  }

  /** What it is doing at present. */
  get status(): ConsumerStatus {
    return this.#subscription.status;
  }

  /** Most handlers that run at once. */
  get concurrency(): number {
    return this.#subscription.status.concurrency;
  }

  /**
   * Holds at once. With 0 no further handler starts, and what is delivered waits, as much as the prefetch allows. Errors:
   * `INVALID_ARGUMENT`.
   */
  set concurrency(most: number) {
    if (most !== Number.POSITIVE_INFINITY && !(Number.isInteger(most) && most >= 0))
      throw new LeveretError(
        'INVALID_ARGUMENT',
        `concurrency must be a whole number from 0 on or Infinity, not ${describe(most)}`,
      );
    this.#subscription.concurrency = most;
  }

  /**
   * Takes no further deliveries and puts those that no handler took back to the queue (with `noAck` they are lost);
   * handlers in hand go on, and are not waited for. Resolves once the broker has cancelled it, after `closeTimeout` at
   * the latest, and never rejects; pausing twice, or once it has ended, is harmless. It stays paused over a recovery.
   *
   * To the broker it is no consumer any more: an `autoDelete` queue is deleted with the last of them. `concurrency = 0`
   * keeps the queue and holds what is delivered.
   */
  pause(): Promise<void> {
    return this.#session.consumers.pause(this.#subscription);
  }

  /**
   * Takes deliveries again after a pause, with the options that it had; harmless where it is not paused. Of `pause` and
   * `resume` the one called last holds. Errors: those of {@link Queue.consume}, and it stays paused; `CLOSED`, or why
   * it ended, once it has.
   */
  resume(): Promise<void> {
    return this.#session.consumers.resume(this.#subscription);
  }

  /**
   * Takes no further deliveries, puts those that no handler took back to the queue, and waits for handlers
   * in hand; after `drainTimeout` they are aborted through `message.signal` and their messages put back.
   * Always resolves; calling it again is harmless.
   */
  close(): Promise<void> {
    return this.#session.consumers.stop(this.#subscription).done;
  }

  /** The same as {@link close}, by the name that AMQP gives it. */
  cancel(): Promise<void> {
    return this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

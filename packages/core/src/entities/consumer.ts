import type { Session } from '../channel/session.ts';
import type { Subscription } from '../channel/subscription.ts';
import type { LeveretError } from '../errors/leveret-error.ts';

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

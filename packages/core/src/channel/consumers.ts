import type { DriverChannel } from '../driver/driver.ts';
import { describe, LeveretError, TimeoutError } from '../errors/leveret-error.ts';
import type { Forgotten, TopologyLedger } from '../topology/ledger.ts';
import type { QueueRef } from '../topology/specs.ts';
import type { Live, RequestOptions } from './requests.ts';
import type { Subscription } from './subscription.ts';

/** What the consumers of a channel need of it. */
export interface ConsumersHost {
  readonly closeTimeout: number;
  readonly ledger: TopologyLedger;
  operation<T>(name: string, run: (live: Live) => Promise<T>, options: RequestOptions): Promise<T>;
  aside<T>(name: string, use: (channel: DriverChannel) => Promise<T>): Promise<T>;
  /** The broker cancelled a consumer of that queue. */
  cancelled(queue: string): void;
}

/** What a consumer that is stopping waits for; see {@link Subscription.stop}. */
type Stopping = ReturnType<Subscription['stop']>;

/** The consumers of one channel: started and stopped by the user, ended by the broker or with the channel. */
export class Consumers {
  readonly #host: ConsumersHost;
  readonly #subscriptions = new Set<Subscription>();
  /** Those that are stopping and whose tag the broker may still know. */
  readonly #leaving = new Set<Subscription>();
  /** What those wait for that are stopping. */
  readonly #stopping = new Set<Stopping>();
  /** Those that are to consume again: the requests that go on, void once one is paused anew. */
  readonly #resuming = new Map<Subscription, Promise<void>>();
  /** Queues that go where nobody else consumes them: whether somebody does, shows when one is resumed. */
  readonly #forgotten = new WeakMap<QueueRef, Forgotten>();
  /** Prefetch shared by all of them, if it was set. */
  globalPrefetch: number | undefined;

  constructor(host: ConsumersHost) {
    this.#host = host;
  }

  /** Those that run, for a recovery to start again. */
  get running(): readonly Subscription[] {
    return [...this.#subscriptions];
  }

  /** Starts one; `over` gives the error where the channel was closed meanwhile. */
  async subscribe(
    subscription: Subscription,
    over: () => LeveretError | undefined,
    timeout?: number,
  ): Promise<void> {
    const { consumerTag } = subscription.config;
    // The broker would close the connection over it.
    if (consumerTag !== '' && this.#isTaken(consumerTag))
      throw new LeveretError(
        'INVALID_ARGUMENT',
        `consumerTag must be unique on its channel, and there is a consumer ${describe(consumerTag)}`,
      );
    // Known before it is asked for: what happens to the channel from now on happens to it.
    this.#subscriptions.add(subscription);
    try {
      await this.#start(subscription, timeout);
      // A recovery that came first may have found that it is hopeless.
      const error = subscription.failure?.cause ?? over();
      if (error) throw error;
    } catch (error) {
      this.#drop(subscription);
      throw error;
    }
  }

  /** One whose start failed, or was waited for in vain: a recovery may have started it meanwhile. */
  #drop(subscription: Subscription): void {
    if (subscription.tag !== undefined) this.stop(subscription);
    this.#subscriptions.delete(subscription);
    if (subscription.status.state !== 'closing') subscription.end(undefined);
  }

  /** Pauses one; see {@link Subscription.pause}. */
  async pause(subscription: Subscription): Promise<void> {
    this.#resuming.delete(subscription);
    await subscription.pause(this.#host.closeTimeout);
    if (subscription.status.state === 'paused') this.#forgetUnused(subscription);
  }

  /** Has one that was paused consume again, unless it is paused once more meanwhile. */
  resume(subscription: Subscription): Promise<void> {
    const underWay = this.#resuming.get(subscription);
    if (underWay) return underWay;
    const isWanted = (): boolean => this.#resuming.get(subscription) === resuming;
    const resuming = this.#wake(subscription, isWanted).finally(() => {
      if (isWanted()) this.#resuming.delete(subscription);
    });
    this.#resuming.set(subscription, resuming);
    return resuming;
  }

  /** It stays paused up to the request itself: until then a recovery leaves it alone. */
  async #wake(subscription: Subscription, isWanted: () => boolean): Promise<void> {
    await subscription.pausing;
    if (!isOver(subscription))
      await this.#host.operation(
        'basic.consume',
        async ({ channel, deliveries }) => {
          if (!isWanted()) return;
          await subscription.resume(channel, deliveries, this.globalPrefetch);
          if (subscription.status.state === 'consuming') this.#remember(subscription);
        },
        {},
      );
    if (isOver(subscription))
      throw subscription.failure ?? new LeveretError('CLOSED', 'the consumer is closed');
  }

  /** Stops one; see {@link Subscription.stop}. */
  stop(subscription: Subscription): Stopping {
    const { cancelled, done } = subscription.stop(this.#host.closeTimeout);
    if (!this.#subscriptions.delete(subscription)) return { cancelled, done };
    this.#leaving.add(subscription);
    cancelled.then(() => this.#leaving.delete(subscription));
    const stopping = { cancelled, done: done.then(() => this.#forgetUnused(subscription)) };
    this.#stopping.add(stopping);
    stopping.done.then(() => this.#stopping.delete(stopping));
    return stopping;
  }

  /** Stops all; gives what those wait for that are stopping, also since before. */
  stopAll(): readonly Stopping[] {
    for (const subscription of this.running) this.stop(subscription);
    return [...this.#stopping];
  }

  /** The broker deletes an `autoDelete` queue with its last consumer. */
  #forgetUnused({ config: { queue } }: Subscription): void {
    const isUsed = this.running.some(
      ({ config, status }) => config.queue === queue && status.state !== 'paused',
    );
    if (isUsed) return;
    const forgotten = this.#host.ledger.consumersGone(queue);
    if (forgotten) this.#forgotten.set(queue, forgotten);
  }

  /** It is consumed again, so it was not deleted. */
  #remember({ config: { queue } }: Subscription): void {
    const forgotten = this.#forgotten.get(queue);
    if (!forgotten) return;
    this.#forgotten.delete(queue);
    this.#host.ledger.consumersBack(forgotten);
  }

  /** The broker cancelled one: it goes on where its queue is still there. */
  cancelled(tag: string): void {
    const subscription = this.running.find((each) => each.tag === tag);
    if (!subscription) return;
    subscription.cancelled();
    this.#host.cancelled(subscription.config.queue.name);
    this.#resume(subscription).catch((error: unknown) => {
      const cause = LeveretError.from(error, 'CANCELLED');
      if (cause.code === 'NOT_FOUND') this.#host.ledger.removeQueue(subscription.config.queue);
      this.gone(subscription, cause);
    });
  }

  /** One has no queue any more. */
  gone(subscription: Subscription, cause: LeveretError): void {
    this.#subscriptions.delete(subscription);
    subscription.end(new LeveretError('CANCELLED', 'the broker cancelled the consumer', { cause }));
  }

  /** The channel is gone, and another will come. */
  lose(cause: LeveretError): void {
    for (const subscription of this.#subscriptions) subscription.lose(cause);
  }

  /** The channel is gone for good. */
  end(cause: LeveretError | undefined): void {
    for (const subscription of this.#subscriptions) subscription.end(cause);
    this.#subscriptions.clear();
  }

  #isTaken(consumerTag: string): boolean {
    return [...this.#subscriptions, ...this.#leaving].some(
      ({ config, tag }) => config.consumerTag === consumerTag || tag === consumerTag,
    );
  }

  /** Brokers also cancel when a queue moves or a handler is slow. */
  async #resume(subscription: Subscription): Promise<void> {
    const { queue } = subscription.config;
    try {
      // By its name of the moment: a recovery may give it another.
      await this.#host.aside('queue.declare', (channel) => channel.checkQueue(queue.name));
      await this.#start(subscription);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      await this.#resume(subscription); // the connection is away for long, and may yet come back
    }
  }

  #start(subscription: Subscription, timeout?: number): Promise<void> {
    return this.#host.operation(
      'basic.consume',
      ({ channel, deliveries }) => subscription.start(channel, deliveries, this.globalPrefetch),
      { timeout },
    );
  }
}

function isOver({ status }: Subscription): boolean {
  return status.state === 'closing' || status.state === 'closed';
}

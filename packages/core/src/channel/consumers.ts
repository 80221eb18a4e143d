import type { LeveretEvent } from '../diagnostics/events.ts';
import type { DriverChannel } from '../driver/driver.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import type { Clock } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { ignore } from '../internal/deferred.ts';
import type { TopologyLedger } from '../topology/ledger.ts';
import type { Live } from './requests.ts';
import type { Subscription } from './subscription.ts';

/** What the consumers of a channel need of it. */
export interface ConsumersHost {
  readonly clock: Clock;
  readonly closeTimeout: number;
  readonly ledger: TopologyLedger;
  /** The channel, where it is open. */
  live(): Live | undefined;
  operation<T>(name: string, run: (live: Live) => Promise<T>): Promise<T>;
  aside<T>(name: string, use: (channel: DriverChannel) => Promise<T>): Promise<T>;
  report(event: LeveretEvent): void;
}

/** The consumers of one channel: started and stopped by the user, ended by the broker or with the channel. */
export class Consumers {
  readonly #number: number;
  readonly #host: ConsumersHost;
  readonly #subscriptions = new Set<Subscription>();
  /** Prefetch shared by all of them, if it was set. */
  globalPrefetch: number | undefined;

  constructor(number: number, host: ConsumersHost) {
    this.#number = number;
    this.#host = host;
  }

  /** Those that run, for a recovery to start again. */
  get running(): readonly Subscription[] {
    return [...this.#subscriptions];
  }

  /** Starts one; `over` gives the error where the channel was closed meanwhile. */
  async subscribe(subscription: Subscription, over: () => LeveretError | undefined): Promise<void> {
    await this.#start(subscription);
    const error = over();
    if (error) {
      subscription.end(undefined); // the broker's side of it goes with the channel
      throw error;
    }
    this.#subscriptions.add(subscription);
  }

  /** Stops one; resolves once its handlers in hand have ended or were aborted. */
  async unsubscribe(subscription: Subscription): Promise<void> {
    if (!this.#subscriptions.delete(subscription)) return void (await subscription.ended);
    const { tag } = subscription;
    const { clock, closeTimeout, ledger } = this.#host;
    const draining = subscription.drain();
    const live = this.#host.live();
    if (tag !== undefined && live)
      // A channel that is lost on the way cancels it as well.
      await withDeadline(live.channel.cancel(tag), 'basic.cancel', closeTimeout, clock).catch(
        ignore,
      );
    await draining;
    const { queue } = subscription.config;
    if (!this.running.some((other) => other.config.queue === queue)) ledger.consumersGone(queue);
  }

  /** The broker cancelled one: it goes on where its queue is still there. */
  cancelled(tag: string): void {
    const subscription = this.running.find((each) => each.tag === tag);
    if (!subscription) return;
    subscription.cancelled();
    const queue = subscription.config.queue.name;
    this.#host.report({ type: 'consumer-cancelled', channel: this.#number, queue });
    this.#resume(subscription).catch((error: unknown) =>
      this.gone(subscription, LeveretError.from(error, 'CANCELLED')),
    );
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

  /** Brokers also cancel when a queue moves or a handler is slow. */
  async #resume(subscription: Subscription): Promise<void> {
    const { queue } = subscription.config;
    try {
      await this.#host.aside('queue.declare', (channel) => channel.checkQueue(queue.name));
    } catch (error) {
      this.#host.ledger.removeQueue(queue);
      throw error;
    }
    await this.#start(subscription);
  }

  #start(subscription: Subscription): Promise<void> {
    return this.#host.operation('basic.consume', async ({ channel, deliveries }) => {
      if (subscription.tag === undefined)
        await subscription.start(channel, deliveries, this.globalPrefetch);
    });
  }
}

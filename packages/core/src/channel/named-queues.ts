import type { DriverChannel, DriverConnection } from '../driver/driver.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import type { DeclaredQueue } from '../topology/ledger.ts';
import type { QueueRef } from '../topology/specs.ts';
import type { Asides } from './asides.ts';
import type { Subscription } from './subscription.ts';

/** Which queues that the broker named are there still, when their channel is put back: declared again, they would be others. */
export class NamedQueues {
  readonly #asides: Asides;
  /** The connection that the channel was open on last. */
  #openedOn: DriverConnection | undefined;
  /** Where the recovery that is under way has declared them so far. */
  #declaredOn = new WeakMap<QueueRef, DriverConnection>();

  constructor(asides: Asides) {
    this.#asides = asides;
  }

  /** The channel is open. */
  opened(): void {
    this.#openedOn = this.#asides.link;
    this.#declaredOn = new WeakMap();
  }

  /** One was declared again. */
  declared({ ref }: DeclaredQueue): void {
    const { link } = this.#asides;
    if (link) this.#declaredOn.set(ref, link);
  }

  /** Whether one is there, of a channel that had these consumers. */
  async isThere(
    { spec, ref }: DeclaredQueue,
    consumers: readonly Subscription[],
  ): Promise<boolean> {
    const { link } = this.#asides;
    const isNew = link !== undefined && this.#declaredOn.get(ref) === link;
    const isConsumed = consumers.some(({ config }) => config.queue === ref);
    // With its connection, or with its last consumer.
    const isGone = (spec.exclusive && this.#openedOn !== link) || (spec.autoDelete && isConsumed);
    return (isNew || !isGone) && (await this.#ask(ref));
  }

  async #ask({ name }: QueueRef): Promise<boolean> {
    const ask = (channel: DriverChannel): Promise<unknown> => channel.checkQueue(name);
    try {
      return !(await this.#asides.absence('queue.declare', ask));
    } catch (error) {
      // Where no channel is left to ask on, it is declared anew.
      if (error instanceof LeveretError && error.code === 'REFUSED') return false;
      throw error;
    }
  }
}

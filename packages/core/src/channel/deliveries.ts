import type { DriverChannel } from '../driver/driver.ts';
import type { LeveretError } from '../errors/leveret-error.ts';
import type { Clock } from '../internal/clock.ts';
import { IncomingMessage, type Settlement, type Settler } from '../message/incoming.ts';
import type { WireDelivery } from '../message/message.ts';
import { Acknowledgements } from './acknowledgements.ts';

/** The deliveries of one driver channel, for as long as it lives. */
export class Deliveries implements Settler {
  readonly #acknowledgements: Acknowledgements;
  readonly #skipped: (deliveryTag: number) => void;
  /** What the broker was last told to bound each new consumer by; 0 is no bound. */
  prefetch = 0;
  /** Unsettled messages whose signal somebody has, by delivery tag. */
  readonly #watched = new Map<number, IncomingMessage>();
  #lost: LeveretError | undefined;

  constructor(channel: DriverChannel, clock: Clock, skipped: (deliveryTag: number) => void) {
    this.#acknowledgements = new Acknowledgements(channel, (fn) => clock.endOfTurn(fn));
    this.#skipped = skipped;
  }

  /** Makes a message of what came. */
  receive(delivery: WireDelivery, noAck: boolean): IncomingMessage {
    if (!noAck) this.#acknowledgements.delivered(delivery.deliveryTag);
    return new IncomingMessage(delivery, this, noAck);
  }

  settle(deliveryTag: number, how: Settlement, requeue: boolean): void {
    this.#watched.delete(deliveryTag);
    if (this.#lost) this.#skipped(deliveryTag);
    else if (how === 'ack') this.#acknowledgements.ack(deliveryTag);
    else this.#acknowledgements.refuse(deliveryTag, how, requeue);
  }

  /** Sends what is held back until the end of the turn, before the channel closes. */
  flush(): void {
    if (!this.#lost) this.#acknowledgements.flush();
  }

  watch(message: IncomingMessage): LeveretError | undefined {
    if (!this.#lost) this.#watched.set(message.deliveryTag, message);
    return this.#lost;
  }

  /** The channel is gone: settling does nothing any more. */
  lose(cause: LeveretError): void {
    this.#lost = cause;
    for (const message of this.#watched.values()) IncomingMessage.abort(message, cause);
    this.#watched.clear();
  }
}

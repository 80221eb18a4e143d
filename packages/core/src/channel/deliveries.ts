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
  /** Unsettled messages that were fetched, by delivery tag. */
  readonly #fetched = new Map<number, IncomingMessage>();
  #alive = true;

  constructor(channel: DriverChannel, clock: Clock, skipped: (deliveryTag: number) => void) {
    this.#acknowledgements = new Acknowledgements(channel, (fn) => clock.endOfTurn(fn));
    this.#skipped = skipped;
  }

  /** Makes a message of what was fetched: no consumer looks after it, so its `signal` is aborted from here. */
  fetch(delivery: WireDelivery, noAck: boolean): IncomingMessage {
    const message = this.receive(delivery, noAck);
    if (!noAck) this.#fetched.set(delivery.deliveryTag, message);
    return message;
  }

  /** Makes a message of what came. */
  receive(delivery: WireDelivery, noAck: boolean): IncomingMessage {
    if (!noAck) this.#acknowledgements.delivered(delivery.deliveryTag);
    return new IncomingMessage(delivery, this, noAck);
  }

  settle(deliveryTag: number, how: Settlement, requeue: boolean): void {
    this.#fetched.delete(deliveryTag);
    if (!this.#alive) this.#skipped(deliveryTag);
    else if (how === 'ack') this.#acknowledgements.ack(deliveryTag);
    else this.#acknowledgements.refuse(deliveryTag, how, requeue);
  }

  /** Sends what is held back until the end of the turn, before the channel closes. */
  flush(): void {
    if (this.#alive) this.#acknowledgements.flush();
  }

  /** The channel is gone: settling does nothing any more. */
  lose(cause: LeveretError): void {
    this.#alive = false;
    for (const message of this.#fetched.values()) IncomingMessage.abort(message, cause);
    this.#fetched.clear();
  }
}

import { describe, LeveretError } from '../errors/leveret-error.ts';
import type { ReturnedMessage } from './received.ts';

/** `UNROUTABLE`: a mandatory message reached no queue. */
export class UnroutableError extends LeveretError {
  /** What `instanceof` looks for. */
  static override readonly brand: symbol = Symbol.for('@leveret/core/UnroutableError');

  static {
    Object.defineProperty(this.prototype, this.brand, { value: true });
  }

  /** The message as the broker gave it back. */
  readonly returned: ReturnedMessage;

  constructor(returned: ReturnedMessage) {
    const { exchange, routingKey, replyCode } = returned;
    super(
      'UNROUTABLE',
      `no queue took the message for exchange ${describe(exchange)} with routing key ` +
        `${describe(routingKey)} (reply code ${replyCode})`,
    );
    this.returned = returned;
  }
}

import { UNROUTABLE } from '../channel/options.ts';
import type { Session } from '../channel/session.ts';
import type { Transactions } from '../channel/transaction.ts';
import { duration } from '../connection/options.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import { checkOptions, flag, oneOf } from '../internal/options.ts';
import { checkMessage, type MessageLimits } from '../message/check-message.ts';
import type { TableSupport } from '../message/check-table.ts';
import type { OutgoingMessage } from '../message/message.ts';
import { toWire } from '../message/wire.ts';

/** How a message is published. */
export interface PublishOptions {
  /** Refuse the message (`UNROUTABLE`) when it reaches no queue. Default true. */
  readonly mandatory?: boolean;
  /**
   * What becomes of it where it is mandatory and reaches no queue: `reject` fails the publish with
   * `UNROUTABLE`, `event` tells the channel's `return` listeners instead. Default: as the channel says.
   */
  readonly unroutable?: 'reject' | 'event';
  /** Milliseconds until it must be confirmed. Default: `publishTimeout` of the channel. */
  readonly timeout?: number;
  /**
   * Send it on the next channel where this one was lost before it was confirmed. Default true; with false
   * such a message is `UNCONFIRMED` if it had been sent, else `CONNECTION_LOST`: at most once.
   */
  readonly resend?: boolean;
  /**
   * Wait for the broker to confirm the message. Default: as the channel says, true; with false it counts as
   * published once it is handed to the socket: at most once, and a mandatory message that reaches no queue is told only to the
   * channel's `return` listeners.
   */
  readonly confirm?: boolean;
}

/** Where the messages of a channel leave: checked, given their defaults, handed to the publisher. */
export class Outbox {
  readonly #session: Session;
  readonly #transactions: Transactions;
  readonly #limits: () => MessageLimits;

  constructor(session: Session, transactions: Transactions, limits: () => MessageLimits) {
    this.#session = session;
    this.#transactions = transactions;
    this.#limits = limits;
  }

  get arguments(): TableSupport {
    return this.#limits().arguments;
  }

  publish(
    message: OutgoingMessage,
    exchange: string,
    routingKey: string,
    options: PublishOptions = {},
  ): Promise<void> {
    try {
      checkMessage(message, routingKey, this.#limits());
      checkOptions(options);
      const mandatory = flag('mandatory', options.mandatory, true);
      const resend = flag('resend', options.resend, true);
      const { publishTimeout, unroutable, confirm: confirms } = this.#session.config;
      const confirm = flag('confirm', options.confirm, confirms);
      const wire = toWire(message, exchange, routingKey, mandatory);
      const timeout = duration('timeout', options.timeout, publishTimeout);
      const rejectReturned =
        (options.unroutable === undefined
          ? unroutable
          : oneOf('unroutable', options.unroutable, UNROUTABLE)) === 'reject';
      if (this.#transactions.publish(wire, rejectReturned)) return Promise.resolve();
      return this.#session.publisher.publish({
        message: wire,
        timeout,
        resend,
        confirm,
        rejectReturned,
      });
    } catch (error) {
      // Whatever reading the message throws, such as a getter of its headers, is about the message.
      return Promise.reject(LeveretError.from(error, 'INVALID_MESSAGE'));
    }
  }
}

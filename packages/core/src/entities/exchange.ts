import { unbind } from '../channel/restore.ts';
import type { Session } from '../channel/session.ts';
import { checkOptions, flag } from '../internal/options.ts';
import type { OutgoingMessage } from '../message/message.ts';
import {
  type BindingArguments,
  type BindingSpec,
  bindingSpec,
  type OperationOptions,
} from '../topology/specs.ts';
import { makeBinding } from './binding.ts';
import type { Outbox, PublishOptions } from './outbox.ts';

/** How a binding is made. */
export interface BindOptions extends OperationOptions {
  /**
   * What a headers exchange matches by, for one; or a function of the name of what is bound, for arguments
   * that follow a queue that the broker names anew on recovery.
   */
  readonly arguments?: BindingArguments;
  /**
   * Whether a recovery of the channel makes the binding again. False is for a queue or exchange of others that may be
   * gone by then, over which the recovery would fail; it is made beside the channel, which goes on where it is refused. Default true.
   */
  readonly recover?: boolean;
}

/** When an exchange may be deleted. */
export interface DeleteExchangeOptions extends OperationOptions {
  /** Only if nothing is bound to it; else `PRECONDITION_FAILED`. Default false. */
  readonly ifUnused?: boolean;
}

/** What publishes into queues. Made by a channel's `declareExchange`, `getExchange`, `defaultExchange`. */
export class Exchange {
  /** Its name; `''` is the default exchange, which routes by queue name. */
  readonly name: string;
  readonly #session: Session;
  readonly #outbox: Outbox;

  private constructor(name: string, session: Session, outbox: Outbox) {
    this.name = name;
    this.#session = session;
    this.#outbox = outbox;
  }

  /** @internal */
  static make(name: string, session: Session, outbox: Outbox): Exchange {
    return new Exchange(name, session, outbox);
  }

  /**
   * Publishes. Resolves once the broker has taken the message and it has reached a queue (unless
   * `mandatory` is false). While the connection is away it waits, within its timeout, and what was sent but
   * not confirmed is sent again with the same `messageId`: at least once, in order.
   *
   * Errors: `INVALID_MESSAGE`, `UNROUTABLE`, `NACKED`, `EXCHANGE_NOT_FOUND`, `ACCESS_REFUSED`,
   * `PRECONDITION_FAILED` (too large for the broker, for one), `TIMEOUT`, `BLOCKED`, `BUFFER_FULL`,
   * `UNCONFIRMED`, `CLOSED`.
   *
   * @example
   * ```ts
   * await exchange.publish({ body: Buffer.from('hi'), contentType: 'text/plain' }, 'user.created')
   * ```
   */
  publish(message: OutgoingMessage, routingKey: string, options?: PublishOptions): Promise<void> {
    return this.#outbox.publish(message, this.name, routingKey, options);
  }

  /** Routes what `source` gets for `routingKey` to this exchange. Errors: `NOT_FOUND`, `INVALID_ARGUMENT`. */
  async bind(source: Exchange | string, routingKey = '', options: BindOptions = {}): Promise<void> {
    const binding = this.#binding(source, routingKey, options);
    await makeBinding(this.#session, 'exchange.bind', binding, options);
  }

  /** Takes a binding away again. */
  async unbind(
    source: Exchange | string,
    routingKey = '',
    options: Omit<BindOptions, 'recover'> = {},
  ): Promise<void> {
    const binding = this.#binding(source, routingKey, options);
    await this.#session.operation('exchange.unbind', ({ channel }) => unbind(channel, binding), {
      timeout: options.timeout,
    });
    this.#session.ledger.removeBinding(binding);
  }

  /** Deletes it and every binding of it. */
  async delete(options: DeleteExchangeOptions = {}): Promise<void> {
    checkOptions(options);
    const ifUnused = flag('ifUnused', options.ifUnused, false);
    await this.#session.operation(
      'exchange.delete',
      ({ channel }) => channel.deleteExchange(this.name, { ifUnused }),
      { timeout: options.timeout },
    );
    this.#session.ledger.removeExchange(this.name);
  }

  #binding(source: Exchange | string, routingKey: string, options: BindOptions): BindingSpec {
    return bindingSpec(this.name, source, routingKey, options, this.#outbox.arguments);
  }
}

import type { Session } from '../channel/session.ts';
import type { ChannelStatus } from '../channel/status.ts';
import { Transactions } from '../channel/transaction.ts';
import { duration, whole } from '../connection/options.ts';
import type { LeveretEvent } from '../diagnostics/events.ts';
import { describe, LeveretError } from '../errors/leveret-error.ts';
import { deferred } from '../internal/deferred.ts';
import type { Unsubscribe } from '../internal/emitter.ts';
import { checkFunction, checkOptions, flag } from '../internal/options.ts';
import type { MessageLimits } from '../message/check-message.ts';
import type { ReturnedMessage } from '../message/received.ts';
import { checkName } from '../topology/names.ts';
import {
  type DeclarationDefaults,
  type ExchangeOptions,
  exchangeSpec,
  type OperationOptions,
  type QueueOptions,
  type QueueRef,
  queueSpec,
} from '../topology/specs.ts';
import { Exchange } from './exchange.ts';
import { Outbox } from './outbox.ts';
import { Queue } from './queue.ts';

/** Asks whether something is there instead of declaring it. */
export interface PassiveOptions extends OperationOptions {
  /** Only ask. */
  readonly passive: true;
}

/** What a channel tells its listeners, by name. */
export interface ChannelEvents {
  /** Each change of status. */
  readonly status: ChannelStatus;
  /**
   * A mandatory message that reached no queue, and whose publish does not fail over it: it did not wait for a confirm, or
   * said `unroutable: 'event'`.
   */
  readonly return: ReturnedMessage;
}

/** How something that others declared is referred to. */
export interface GetOptions extends OperationOptions {
  /** Ask the broker whether it is there (`NOT_FOUND`). With false nothing is asked. Default true. */
  readonly ensure?: boolean;
}

/** How many unsettled deliveries there may be. */
export interface QosOptions extends OperationOptions {
  /** Most unsettled deliveries; 0 is no bound. */
  readonly prefetch: number;
  /** Of all consumers of the channel together, not of each. Default false. */
  readonly global?: boolean;
}

const UNCOUNTED = { messageCount: 0, consumerCount: 0 };

/**
 * A channel: declares, publishes, consumes. It outlives the connection: after a loss it is opened again and
 * everything that was declared through it and not deleted since is put back, in order.
 */
export class Channel {
  readonly #session: Session;
  readonly #limits: () => MessageLimits;
  readonly #transactions: Transactions;
  readonly #outbox: Outbox;
  readonly #ended = deferred<LeveretError | undefined>();
  /** Routes by queue name. */
  readonly defaultExchange: Exchange;

  private constructor(session: Session, limits: () => MessageLimits) {
    this.#session = session;
    this.#limits = limits;
    this.#transactions = new Transactions(session);
    this.#outbox = new Outbox(session, this.#transactions, limits);
    this.defaultExchange = Exchange.make('', session, this.#outbox);
    const look = (status: ChannelStatus): void => {
      if (status.state === 'closed') this.#ended.resolve(status.cause);
    };
    session.changes.add(look);
    look(session.status); // it may be over already
  }

  /** @internal */
  static make(session: Session, limits: () => MessageLimits): Channel {
    return new Channel(session, limits);
  }

  /** Which channel of its connection it is, from 1; events say it. */
  get number(): number {
    return this.#session.number;
  }

  /**
   * Resolves once it is over: with `undefined` where it was closed on purpose, else with the reason why it, or its
   * connection, is closed for good.
   */
  get ended(): Promise<LeveretError | undefined> {
    return this.#ended.promise;
  }

  /** What it is doing at present. */
  get status(): ChannelStatus {
    return this.#session.status;
  }

  /**
   * Calls `listener` for each record of that name (see {@link ChannelEvents}); gives the function that takes
   * it off again.
   */
  on<K extends keyof ChannelEvents>(
    name: K,
    listener: (record: ChannelEvents[K]) => void,
  ): Unsubscribe;
  on(
    ...[name, listener]:
      | ['status', (record: ChannelStatus) => void]
      | ['return', (record: ReturnedMessage) => void]
  ): Unsubscribe {
    if (name === 'status') return this.#session.changes.add(listener);
    if (name === 'return') return this.#session.returns.add(listener);
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `name must be "status" or "return", not ${describe(name)}`,
    );
  }

  /** For authors of patterns: tells the listeners of the connection's events what happened. */
  report(event: LeveretEvent): void {
    this.#session.report(event);
  }

  /**
   * Declares an exchange; with `{ passive: true }` only asks whether it is there. Errors:
   * `PRECONDITION_FAILED` (it is there, with other properties), `ACCESS_REFUSED`, `NOT_FOUND` (passive),
   * `INVALID_ARGUMENT`, `TIMEOUT`, `CLOSED`.
   */
  async declareExchange(
    name: string,
    options: ExchangeOptions | PassiveOptions = {},
  ): Promise<Exchange> {
    checkOptions(options);
    if (options.passive === true) return this.getExchange(name, options);
    const spec = exchangeSpec(name, options, this.#defaults());
    await this.#session.operation(
      'exchange.declare',
      ({ channel }) => channel.declareExchange(spec),
      { timeout: options.timeout },
    );
    this.#session.ledger.addExchange(spec);
    return Exchange.make(name, this.#session, this.#outbox);
  }

  /**
   * Declares a queue; `''` lets the broker name it. With `{ passive: true }` only asks for it. Errors:
   * `PRECONDITION_FAILED` (it is there, with other properties), `RESOURCE_LOCKED` (exclusive to another
   * connection), `ACCESS_REFUSED`, `NOT_FOUND` (passive), `INVALID_ARGUMENT`, `TIMEOUT`, `CLOSED`.
   *
   * @example
   * ```ts
   * const queue = await channel.declareQueue('audit', { arguments: { 'x-queue-type': 'quorum' } })
   * ```
   */
  async declareQueue(name = '', options: QueueOptions | PassiveOptions = {}): Promise<Queue> {
    checkOptions(options);
    if (options.passive === true) return this.getQueue(name, options);
    const spec = queueSpec(name, options, this.#defaults());
    const state = await this.#session.operation(
      'queue.declare',
      ({ channel }) => channel.declareQueue(spec),
      { timeout: options.timeout },
    );
    const ref = this.#session.ledger.addQueue(spec, state.name);
    return this.#queue(ref, state);
  }

  /** An exchange that others declared; it is not put back on recovery. Errors: `NOT_FOUND`. */
  async getExchange(name: string, options: GetOptions = {}): Promise<Exchange> {
    checkName('name', name);
    checkOptions(options);
    duration('timeout', options.timeout, 0);
    if (flag('ensure', options.ensure, true))
      await this.#session.aside(
        'exchange.declare',
        (channel) => channel.checkExchange(name),
        options.timeout,
      );
    return Exchange.make(name, this.#session, this.#outbox);
  }

  /** A queue that others declared; it is not put back on recovery. Errors: `NOT_FOUND`. */
  async getQueue(name: string, options: GetOptions = {}): Promise<Queue> {
    checkName('name', name);
    checkOptions(options);
    const ensure = flag('ensure', options.ensure, true);
    duration('timeout', options.timeout, 0);
    const ref = this.#session.ledger.findQueue(name) ?? { name };
    if (!ensure) return this.#queue(ref, UNCOUNTED);
    const state = await this.#session.aside(
      'queue.declare',
      (channel) => channel.checkQueue(name),
      options.timeout,
    );
    return this.#queue(ref, state);
  }

  /**
   * Bounds the unsettled deliveries: of each consumer started from now on that does not say otherwise, or,
   * with `global`, of all consumers of the channel together (RabbitMQ 4.3 ignores that, and quorum queues of
   * earlier versions do not allow it).
   */
  async setQos(options: QosOptions): Promise<void> {
    checkOptions(options);
    duration('timeout', options.timeout, 0);
    // Without one there would be no bound at all, which is not what a slip of the pen may ask for.
    if (options.prefetch === undefined)
      throw new LeveretError('INVALID_ARGUMENT', 'prefetch must be given; 0 is no bound');
    const prefetch = whole('prefetch', options.prefetch, 0, 0, 65_535);
    if (flag('global', options.global, false)) {
      await this.#session.operation('basic.qos', ({ channel }) => channel.setQos(prefetch, true), {
        timeout: options.timeout,
      });
      this.#session.consumers.globalPrefetch = prefetch;
    } else this.#session.prefetch = prefetch;
  }

  /**
   * Runs `fn`; what it publishes through this channel takes effect together when it ends, or not at all when
   * it throws. Acknowledgements are no part of it. Errors: those of `fn`; `UNROUTABLE` where a mandatory
   * message reached no queue (the others were published); `CONNECTION_LOST` (nobody can know, if it came
   * while committing); `TIMEOUT`, `CLOSED`.
   */
  async transaction<T>(
    fn: () => T | Promise<T>,
    options: { readonly timeout?: number } = {},
  ): Promise<T> {
    checkFunction('fn', fn);
    checkOptions(options);
    const timeout = duration('timeout', options.timeout, this.#session.config.publishTimeout);
    return this.#transactions.run(fn, timeout);
  }

  /**
   * Closes: consumers drain, publishes are waited for, then the channel is closed. Always resolves within
   * the timeouts given; calling it again is harmless.
   */
  close(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #defaults(): DeclarationDefaults {
    const { declarations } = this.#session.config;
    return { tables: this.#limits().arguments, durable: declarations === 'durable' };
  }

  #queue(ref: QueueRef, counts: { messageCount: number; consumerCount: number }): Queue {
    return Queue.make(ref, counts, this.#session, this.#limits().arguments);
  }
}

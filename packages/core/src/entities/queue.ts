import { unbind } from '../channel/restore.ts';
import type { Session } from '../channel/session.ts';
import { type MessageHandler, Subscription } from '../channel/subscription.ts';
import { duration, whole } from '../connection/options.ts';
import { checkFunction, checkOptions, flag } from '../internal/options.ts';
import type { TableSupport } from '../message/check-table.ts';
import type { IncomingMessage } from '../message/incoming.ts';
import type { HeaderTable } from '../message/message.ts';
import { checkName, ownArguments } from '../topology/names.ts';
import {
  type BindingSpec,
  bindingSpec,
  type OperationOptions,
  type QueueRef,
} from '../topology/specs.ts';
import { makeBinding } from './binding.ts';
import { Consumer } from './consumer.ts';
import type { BindOptions, Exchange } from './exchange.ts';
import { type IterateOptions, iterate } from './iterate.ts';

/** How a queue is consumed. */
export interface ConsumeOptions extends OperationOptions {
  /** Most unsettled deliveries; 0 is no bound. Default: `prefetch` of the channel. */
  readonly prefetch?: number;
  /** Most handlers that run at once; the rest of the prefetched waits. Default: no bound but the prefetch. */
  readonly concurrency?: number;
  /** Deliveries count as acknowledged when sent: at most once, and without bound. Default false. */
  readonly noAck?: boolean;
  /**
   * Its tag, which must be unique on the channel; management tools show it. Default: one chosen by the driver,
   * and another after a recovery.
   */
  readonly consumerTag?: string;
  /** No other consumer beside this one. Default false. */
  readonly exclusive?: boolean;
  /** Such as `x-priority`. */
  readonly arguments?: HeaderTable;
  /** Milliseconds to wait for handlers in hand on close. Default: `drainTimeout` of the channel. */
  readonly drainTimeout?: number;
}

/** How one message is fetched. */
export interface FetchOptions extends OperationOptions {
  /** It counts as acknowledged when sent: at most once. Default false. */
  readonly noAck?: boolean;
}

/** When a queue may be deleted. */
export interface DeleteQueueOptions extends OperationOptions {
  /** Only if it has no consumers; else `PRECONDITION_FAILED`. Default false. */
  readonly ifUnused?: boolean;
  /** Only if it has no messages; else `PRECONDITION_FAILED`. Default false. */
  readonly ifEmpty?: boolean;
}

/** What the broker said of a queue when it was declared. */
export interface QueueCounts {
  /** Messages ready in it. */
  readonly messageCount: number;
  /** Its consumers. */
  readonly consumerCount: number;
}

/** A queue. Made by a channel's `declareQueue` and `getQueue`. */
export class Queue implements AsyncIterable<IncomingMessage> {
  /** Messages ready in it when it was declared; 0 where nobody asked. */
  readonly messageCount: number;
  /** Its consumers when it was declared; 0 where nobody asked. */
  readonly consumerCount: number;
  readonly #ref: QueueRef;
  readonly #session: Session;
  readonly #tables: TableSupport;

  private constructor(ref: QueueRef, counts: QueueCounts, session: Session, tables: TableSupport) {
    this.#ref = ref;
    this.messageCount = counts.messageCount;
    this.consumerCount = counts.consumerCount;
    this.#session = session;
    this.#tables = tables;
  }

  /** @internal */
  static make(ref: QueueRef, counts: QueueCounts, session: Session, tables: TableSupport): Queue {
    return new Queue(ref, counts, session, tables);
  }

  /** Its name at present; one given by the broker changes on recovery. */
  get name(): string {
    return this.#ref.name;
  }

  /** Routes what `exchange` gets for `routingKey` to this queue. Errors: `NOT_FOUND`, `INVALID_ARGUMENT`. */
  async bind(
    exchange: Exchange | string,
    routingKey = '',
    options: BindOptions = {},
  ): Promise<void> {
    const binding = this.#binding(exchange, routingKey, options);
    await makeBinding(this.#session, 'queue.bind', binding, options);
  }

  /** Takes a binding away again. */
  async unbind(
    exchange: Exchange | string,
    routingKey = '',
    options: Omit<BindOptions, 'recover'> = {},
  ): Promise<void> {
    const binding = this.#binding(exchange, routingKey, options);
    await this.#session.operation('queue.unbind', ({ channel }) => unbind(channel, binding), {
      timeout: options.timeout,
    });
    this.#session.ledger.removeBinding(binding);
  }

  /**
   * Calls `handler` for each message, as many at once as `prefetch` and `concurrency` allow, until the
   * consumer is closed; recovers with the connection. The handler settles the message, for one by
   * `message.process`; what it throws is reported as an event and puts an unsettled message back.
   * None is handled before this has resolved.
   *
   * Errors: `NOT_FOUND`, `ACCESS_REFUSED` (there is an exclusive consumer), `RESOURCE_LOCKED`,
   * `INVALID_ARGUMENT`, `TIMEOUT`, `CLOSED`.
   */
  async consume(handler: MessageHandler, options: ConsumeOptions = {}): Promise<Consumer> {
    const { config, clock, prefetch } = this.#session;
    checkFunction('handler', handler);
    checkOptions(options);
    const { consumerTag = '' } = options;
    checkName('consumerTag', consumerTag);
    const subscription = new Subscription(
      {
        queue: this.#ref,
        consumerTag,
        noAck: flag('noAck', options.noAck, false),
        exclusive: flag('exclusive', options.exclusive, false),
        arguments: ownArguments(options.arguments, this.#tables),
        prefetch: whole('prefetch', options.prefetch, prefetch, 0, 65_535),
        concurrency:
          options.concurrency === Number.POSITIVE_INFINITY
            ? options.concurrency
            : whole('concurrency', options.concurrency, Number.POSITIVE_INFINITY, 1, 2 ** 31),
        drainTimeout: duration('drainTimeout', options.drainTimeout, config.drainTimeout),
      },
      handler,
      this.#session.news,
      clock,
    );
    await this.#session.subscribe(subscription, options.timeout);
    return Consumer.make(this.#session, subscription);
  }

  /** Fetches one message; `undefined` when the queue is empty. Errors: `NOT_FOUND`, `TIMEOUT`, `CLOSED`. */
  async get(options: FetchOptions = {}): Promise<IncomingMessage | undefined> {
    checkOptions(options);
    const noAck = flag('noAck', options.noAck, false);
    return this.#session.operation(
      'basic.get',
      async ({ channel, deliveries }) => {
        const delivery = await channel.get(this.name, { noAck });
        return delivery && deliveries.receive(delivery, noAck);
      },
      { once: noAck, timeout: options.timeout },
    );
  }

  /**
   * Messages as they come. `break`, `return` and `throw` close the consumer and put back what was not taken.
   *
   * @example
   * ```ts
   * for await (const message of queue) await message.process(async () => handle(message.body))
   * ```
   */
  [Symbol.asyncIterator](): AsyncGenerator<IncomingMessage, void, undefined> {
    return this.iterate();
  }

  /** The same with options. Ends with `TIMEOUT` where one is given and no message comes in time. */
  iterate(options: IterateOptions = {}): AsyncGenerator<IncomingMessage, void, undefined> {
    return iterate(this, options, this.#session.clock);
  }

  /** Drops all messages that are ready; gives how many. */
  async purge(options: OperationOptions = {}): Promise<number> {
    checkOptions(options);
    return this.#session.operation('queue.purge', ({ channel }) => channel.purgeQueue(this.name), {
      timeout: options.timeout,
    });
  }

  /** Deletes it with its bindings and messages; gives how many messages. */
  async delete(options: DeleteQueueOptions = {}): Promise<number> {
    checkOptions(options);
    const ifUnused = flag('ifUnused', options.ifUnused, false);
    const ifEmpty = flag('ifEmpty', options.ifEmpty, false);
    const count = await this.#session.operation(
      'queue.delete',
      ({ channel }) => channel.deleteQueue(this.name, { ifUnused, ifEmpty }),
      { timeout: options.timeout },
    );
    this.#session.ledger.removeQueue(this.#ref);
    return count;
  }

  #binding(exchange: Exchange | string, routingKey: string, options: BindOptions): BindingSpec {
    return bindingSpec(this.#ref, exchange, routingKey, options, this.#tables);
  }
}

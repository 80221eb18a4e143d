import { LeveretError } from '../errors/leveret-error.ts';
import type { WireDelivery } from './message.ts';
import { type MessageInfo, ReceivedMessage } from './received.ts';

/** How a delivery is settled. */
export type Settlement = 'ack' | 'nack' | 'reject';

/** Where settlements of deliveries go: the channel that delivered them. */
export interface Settler {
  /** Settles one delivery, once. */
  settle(deliveryTag: number, how: Settlement, requeue: boolean): void;
  /** Aborts the signal of an unsettled message when the channel is gone; gives why where it is already. */
  watch(message: IncomingMessage): LeveretError | undefined;
}

/** What to do with a refused delivery. */
export interface RequeueOptions {
  /** True puts it back to the queue, false drops or dead-letters it. Default true. */
  readonly requeue?: boolean;
}

/** What is known of a delivered message but its body. */
export interface DeliveryInfo extends MessageInfo {
  /** Number of the delivery on its channel. */
  readonly deliveryTag: number;
  /** Tag of the consumer that it was delivered to. */
  readonly consumerTag: string | undefined;
  /** Whether it was delivered before. */
  readonly redelivered: boolean;
  /** Messages that were left in the queue, of one fetched by `get`. */
  readonly messageCount: number | undefined;
}

/** How {@link IncomingMessage.process} settles; as in aio-pika. */
export interface ProcessOptions {
  /** Put the message back to the queue when `fn` throws. Default false. */
  readonly requeue?: boolean;
  /** When `fn` throws on a message that was delivered before, reject it without requeue. Default false. */
  readonly rejectOnRedelivered?: boolean;
  /** Leave it at that when `fn` settled the message itself. Default false: settling twice is an error. */
  readonly ignoreProcessed?: boolean;
}

/**
 * A delivered message. It is settled exactly once, by `ack`, `nack` or `reject`; settling it again throws
 * `ALREADY_SETTLED`. Where its channel is gone, settling does nothing: the broker delivers it again.
 */
export class IncomingMessage extends ReceivedMessage {
  readonly #settler: Settler;
  #state: 'unsettled' | 'settled' | 'no-ack';
  #abort: AbortController | undefined;
  #abortReason: LeveretError | undefined;
  /** Number of the delivery on its channel. */
  readonly deliveryTag: number;
  /** Tag of the consumer that it was delivered to; `undefined` for one fetched by `get`. */
  readonly consumerTag: string | undefined;
  /** Whether it was delivered before, so perhaps handled. */
  readonly redelivered: boolean;
  /** Messages that were left in the queue, of one fetched by `get`. */
  readonly messageCount: number | undefined;

  constructor(delivery: WireDelivery, settler: Settler, noAck: boolean) {
    super(delivery);
    this.#settler = settler;
    this.#state = noAck ? 'no-ack' : 'unsettled';
    this.deliveryTag = delivery.deliveryTag;
    this.consumerTag = delivery.consumerTag;
    this.redelivered = delivery.redelivered;
    this.messageCount = delivery.messageCount;
  }

  /** The same, and how it was delivered. */
  override info(): DeliveryInfo {
    const { deliveryTag, consumerTag, redelivered, messageCount } = this;
    return { ...super.info(), deliveryTag, consumerTag, redelivered, messageCount };
  }

  /** Whether it is settled; always true where the consumer asked for no acknowledgements. */
  get settled(): boolean {
    return this.#state !== 'unsettled';
  }

  /** Aborts when its consumer gives up waiting for the handler, or the channel of the delivery is gone. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#state === 'unsettled') this.#abortReason ??= this.#settler.watch(this);
      if (this.#abortReason) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
  }

  /** Done: the broker may forget it. Errors: `ALREADY_SETTLED`. */
  ack(): void {
    this.#settle('ack', false);
  }

  /** Refused, by `basic.nack`. RabbitMQ 4.3 does not count it towards a delivery limit; see `reject`. */
  nack({ requeue = true }: RequeueOptions = {}): void {
    this.#settle('nack', requeue);
  }

  /** Refused, by `basic.reject`, which a quorum queue counts towards its delivery limit. */
  reject({ requeue = true }: RequeueOptions = {}): void {
    this.#settle('reject', requeue);
  }

  /**
   * Runs `fn`, then acknowledges; when `fn` throws, rejects the message and throws on.
   *
   * @example
   * ```ts
   * for await (const message of queue) await message.process(async () => handle(message.body))
   * ```
   */
  async process<T>(fn: () => T | Promise<T>, options: ProcessOptions = {}): Promise<T> {
    const { requeue = false, rejectOnRedelivered = false, ignoreProcessed = false } = options;
    let result: T;
    try {
      result = await fn();
    } catch (error) {
      if (this.#state === 'unsettled')
        this.reject({ requeue: requeue && !(rejectOnRedelivered && this.redelivered) });
      throw error;
    }
    if (this.#state === 'unsettled' || !(ignoreProcessed || this.#state === 'no-ack')) this.ack();
    return result;
  }

  /**
   * For whoever delivers it: aborts its `signal`.
   *
   * @internal
   */
  static abort(message: IncomingMessage, reason: LeveretError): void {
    message.#abortReason ??= reason;
    message.#abort?.abort(reason);
  }

  #settle(how: Settlement, requeue: boolean): void {
    if (this.#state !== 'unsettled')
      throw new LeveretError('ALREADY_SETTLED', `delivery ${this.deliveryTag} is settled already`);
    this.#state = 'settled';
    this.#settler.settle(this.deliveryTag, how, requeue);
  }
}

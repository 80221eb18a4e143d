import type { Channel } from 'rabbitmq-client';
import { describe, LeveretError } from '../../errors/leveret-error.ts';
import { ignore } from '../../internal/deferred.ts';
import type { HeaderTable, WireDelivery, WireMessage } from '../../message/message.ts';
import type { ExchangeSpec, QueueSpec } from '../../topology/specs.ts';
import type {
  ChannelEnd,
  DriverBinding,
  DriverChannel,
  DriverChannelEvents,
  DriverConsume,
  DriverQueueState,
} from '../driver.ts';
import { type Assembled, Assembly } from './assembly.ts';
import { type CloseFrame, closeFrame, lost, refused } from './failures.ts';
import type { ChannelInternals, MethodFrame } from './internals.ts';
import { METHOD } from './protocol.ts';

/** What a channel asks of its connection when a request of its fails. */
export interface ChannelOwner {
  /** The close that the broker sent for the whole connection, if it did. */
  readonly closeFrame: CloseFrame | undefined;
  /** Whether the connection is gone. */
  readonly over: boolean;
  /** Whether the socket holds as much as it should. */
  readonly congested: boolean;
  /** Merges what is written until the end of this turn. */
  hold(): void;
  /** The channel is over by itself. */
  channelGone(channel: RabbitmqClientChannel): void;
}

/** A channel of `rabbitmq-client` behind the port. */
export class RabbitmqClientChannel implements DriverChannel {
  readonly id: number;
  readonly #channel: Channel & ChannelInternals;
  readonly #events: DriverChannelEvents;
  readonly #owner: ChannelOwner;
  readonly #deliver = new Map<string, DriverConsume['deliver']>();
  readonly #onMethod: (frame: MethodFrame) => void;
  readonly #assembly: Assembly;
  #closeFrame: CloseFrame | undefined;
  #over = false;
  #consumers = 0;
  #published = 0;

  constructor(
    channel: Channel & ChannelInternals,
    frameMax: number,
    events: DriverChannelEvents,
    owner: ChannelOwner,
  ) {
    this.id = channel.id;
    this.#channel = channel;
    this.#events = events;
    this.#owner = owner;
    this.#onMethod = channel._onMethod.bind(channel);
    this.#assembly = new Assembly((methodId, message) => this.#received(methodId, message));
    channel._state.maxFrameSize = frameMax - AROUND_PAYLOAD; // to the driver it is that of a payload
    channel._onMethod = (frame) => this.#method(frame);
    channel._onHeader = (frame) => this.#assembly.header(frame);
    channel._onBody = (frame) => this.#assembly.body(frame);
    // Whatever it would emit here is told through `close` or through a rejected request as well.
    channel.on('error', ignore);
    channel.on('basic.cancel', (tag) => {
      this.#deliver.delete(tag);
      if (!this.#over) this.#events.cancelled(tag);
    });
    channel.once('close', () => {
      if (this.#closeFrame) this.#end(endOf(this.#closeFrame));
      // Of a lost connection this event tells first; left after that is a channel that the driver gave up.
      else
        queueMicrotask(() => {
          if (!owner.over) this.#end(GIVEN_UP);
        });
    });
  }

  /** Tells the end of the connection, once. */
  connectionGone(cause: Error): void {
    this.#end({ kind: 'connection', cause });
  }

  async declareExchange(spec: ExchangeSpec): Promise<void> {
    const { name, type, durable, autoDelete, internal } = spec;
    await this.#ask(METHOD.exchangeDeclare, () =>
      this.#channel.exchangeDeclare({
        exchange: name,
        type,
        durable,
        autoDelete,
        internal,
        ...withArguments(spec.arguments),
      }),
    );
  }

  async checkExchange(name: string): Promise<void> {
    await this.#ask(METHOD.exchangeDeclare, () =>
      this.#channel.exchangeDeclare({ exchange: name, passive: true }),
    );
  }

  async deleteExchange(name: string, options: { ifUnused: boolean }): Promise<void> {
    await this.#ask(METHOD.exchangeDelete, () =>
      this.#channel.exchangeDelete({ exchange: name, ...options }),
    );
  }

  async bindExchange(binding: DriverBinding): Promise<void> {
    const { arguments: table, ...names } = binding;
    await this.#ask(METHOD.exchangeBind, () =>
      this.#channel.exchangeBind({ ...names, ...withArguments(table) }),
    );
  }

  async unbindExchange(binding: DriverBinding): Promise<void> {
    const { arguments: table, ...names } = binding;
    await this.#ask(METHOD.exchangeUnbind, () =>
      this.#channel.exchangeUnbind({ ...names, ...withArguments(table) }),
    );
  }

  declareQueue(spec: QueueSpec): Promise<DriverQueueState> {
    const { name, durable, exclusive, autoDelete } = spec;
    return this.#queueDeclare({
      queue: name,
      durable,
      exclusive,
      autoDelete,
      ...withArguments(spec.arguments),
    });
  }

  checkQueue(name: string): Promise<DriverQueueState> {
    return this.#queueDeclare({ queue: name, passive: true });
  }

  async deleteQueue(
    name: string,
    options: { ifUnused: boolean; ifEmpty: boolean },
  ): Promise<number> {
    const ok = await this.#ask(METHOD.queueDelete, () =>
      this.#channel.queueDelete({ queue: name, ...options }),
    );
    return ok.messageCount;
  }

  async purgeQueue(name: string): Promise<number> {
    const ok = await this.#ask(METHOD.queuePurge, () => this.#channel.queuePurge({ queue: name }));
    return ok.messageCount;
  }

  async bindQueue(binding: DriverBinding): Promise<void> {
    const { destination, source, routingKey, arguments: table } = binding;
    await this.#ask(METHOD.queueBind, () =>
      this.#channel.queueBind({
        queue: destination,
        exchange: source,
        routingKey,
        ...withArguments(table),
      }),
    );
  }

  async unbindQueue(binding: DriverBinding): Promise<void> {
    const { destination, source, routingKey, arguments: table } = binding;
    await this.#ask(METHOD.queueUnbind, () =>
      this.#channel.queueUnbind({
        queue: destination,
        exchange: source,
        routingKey,
        ...withArguments(table),
      }),
    );
  }

  async setQos(prefetch: number, global: boolean): Promise<void> {
    await this.#ask(METHOD.basicQos, () =>
      this.#channel.basicQos({ prefetchCount: prefetch, global }),
    );
  }

  async consume(options: DriverConsume): Promise<string> {
    const { queue, noAck, exclusive } = options;
    // Named here, so that the first delivery finds its consumer even before the broker's answer is read.
    const consumerTag = `leveret-${this.id}-${++this.#consumers}`;
    this.#deliver.set(consumerTag, options.deliver);
    try {
      await this.#ask(METHOD.basicConsume, () =>
        this.#channel.basicConsume(
          { queue, noAck, exclusive, consumerTag, ...withArguments(options.arguments) },
          ignore,
        ),
      );
    } catch (error) {
      this.#deliver.delete(consumerTag);
      throw error;
    }
    return consumerTag;
  }

  async cancel(consumerTag: string): Promise<void> {
    await this.#ask(METHOD.basicCancel, () => this.#channel.basicCancel({ consumerTag }));
    this.#deliver.delete(consumerTag);
  }

  async get(queue: string, options: { noAck: boolean }): Promise<WireDelivery | undefined> {
    const message: unknown = await this.#ask(METHOD.basicGet, () =>
      this.#channel.basicGet({ queue, ...options }),
    );
    return isAssembled(message) ? message : undefined;
  }

  ack(deliveryTag: number, multiple: boolean): void {
    this.#send(METHOD.basicAck, { deliveryTag, multiple });
  }

  nack(deliveryTag: number, requeue: boolean): void {
    this.#send(METHOD.basicNack, { deliveryTag, multiple: false, requeue });
  }

  reject(deliveryTag: number, requeue: boolean): void {
    this.#send(METHOD.basicReject, { deliveryTag, requeue });
  }

  async selectConfirms(): Promise<void> {
    this.#published = 0;
    // Asked for past the driver, which would otherwise keep a promise of its own for each publish.
    await this.#ask(METHOD.confirmSelect, () =>
      this.#channel._invoke(METHOD.confirmSelect, METHOD.confirmSelectOk, { nowait: false }),
    );
  }

  get congested(): boolean {
    // What is published past a full socket waits in the driver, without bound.
    return this.#owner.congested || this.#channel._state.stream.writableLength > 0;
  }

  /** The socket takes more again. */
  writable(): void {
    if (!this.#over) this.#events.writable();
  }

  publish(message: WireMessage): number {
    this.#owner.hold();
    const { body } = message;
    const bytes = Buffer.isBuffer(body)
      ? body
      : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    // Rejects only when the channel ends, which `ended` tells.
    this.#channel.basicPublish(message, bytes).catch(ignore);
    return ++this.#published;
  }

  async selectTransactions(): Promise<void> {
    await this.#ask(METHOD.txSelect, () => this.#channel.txSelect());
  }

  async commit(): Promise<void> {
    await this.#ask(METHOD.txCommit, () => this.#channel.txCommit());
  }

  async rollback(): Promise<void> {
    await this.#ask(METHOD.txRollback, () => this.#channel.txRollback());
  }

  async close(): Promise<void> {
    this.#over = true;
    await this.#channel.close();
    this.#owner.channelGone(this);
  }

  async #queueDeclare(
    params: Parameters<Channel['queueDeclare']>[0] & object,
  ): Promise<DriverQueueState> {
    const ok = await this.#ask(METHOD.queueDeclare, () => this.#channel.queueDeclare(params));
    return { name: ok.queue, messageCount: ok.messageCount, consumerCount: ok.consumerCount };
  }

  /** Makes a request; its failure is told by what the broker said, else as a lost connection. */
  async #ask<T>(methodId: number, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      const close = this.#closeFrame ?? this.#owner.closeFrame;
      // A close that blames another request leaves this one unanswered, not refused.
      if (isChannelClosed(error)) throw lost(error);
      if (close && close.methodId === methodId) throw refused(close, { cause: error });
      if (this.#over || this.#owner.over) throw lost(error);
      throw new LeveretError('REFUSED', describe(error), { cause: error });
    }
  }

  #send(methodId: number, params: object): void {
    if (!this.#channel.active) return; // `ended` is on its way, and the broker delivers again
    this.#owner.hold();
    this.#channel._invokeNowait(methodId, params);
  }

  #method(frame: MethodFrame): void {
    switch (frame.methodId) {
      case METHOD.basicDeliver:
      case METHOD.basicReturn:
      case METHOD.basicGetOk:
        return this.#assembly.method(frame);
      case METHOD.basicAck:
      case METHOD.basicNack:
        return this.#confirmed(frame, frame.methodId === METHOD.basicAck);
      case METHOD.channelClose:
        this.#closeFrame = closeFrame(frame.params);
    }
    this.#onMethod(frame);
  }

  #confirmed({ params = {} }: MethodFrame, ok: boolean): void {
    if (this.#over) return;
    this.#events.confirmed(Number(params['deliveryTag']), params['multiple'] === true, ok);
  }

  #received(methodId: number, message: Assembled): void {
    if (methodId === METHOD.basicGetOk) this.#channel._handleRPC(methodId, message);
    else if (this.#over) return;
    else if (methodId === METHOD.basicReturn) this.#events.returned(message);
    else this.#deliver.get(message.consumerTag ?? '')?.(message);
  }

  #end(end: ChannelEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#deliver.clear();
    this.#owner.channelGone(this);
    this.#events.ended(end);
  }
}

/** Bytes of a frame around its payload: type, channel, size; and the closing byte. */
const AROUND_PAYLOAD = 8;

/** An encoding error makes the driver close a channel by itself. */
const GIVEN_UP: ChannelEnd = {
  kind: 'channel',
  replyCode: 0,
  replyText: 'the driver closed the channel',
  publish: false,
};

/** The driver's answer for whatever was asked of a channel that closed for another reason. */
function isChannelClosed(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === 'CH_CLOSE';
}

function endOf({ replyCode, replyText, methodId }: CloseFrame): ChannelEnd {
  return { kind: 'channel', replyCode, replyText, publish: methodId === METHOD.basicPublish };
}

function withArguments(table: HeaderTable | undefined): { arguments?: HeaderTable } {
  return table === undefined ? {} : { arguments: table };
}

function isAssembled(message: unknown): message is Assembled {
  return typeof message === 'object' && message !== null && 'deliveryTag' in message;
}

import type { Channel } from 'rabbitmq-client';
import { describe, LeveretError } from '../../errors/leveret-error.ts';
import { systemClock } from '../../internal/clock.ts';
import { deferred, ignore } from '../../internal/deferred.ts';
import type { WireDelivery, WireMessage } from '../../message/message.ts';
import type { ChannelEnd, DriverChannel, DriverChannelEvents, DriverConsume } from '../driver.ts';
import { type Assembled, Assembly } from './assembly.ts';
import { publishFrames } from './content.ts';
import { type CloseFrame, closeFrame, lost, ProtocolViolation, refused } from './failures.ts';
import type { BodyFrame, ChannelInternals, HeaderFrame, MethodFrame } from './internals.ts';
import { Pending } from './pending.ts';
import { AROUND_PAYLOAD, FRAME, METHOD } from './protocol.ts';
import { TopologyRequests, withArguments } from './topology.ts';

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
  /** Lets go of a peer that does not keep to the protocol; gives the error of the request that it was about. */
  violated(text: string): LeveretError;
  /** The broker and the driver have done with the channel: its number is free. */
  channelGone(channel: RabbitmqClientChannel): void;
}

/** A channel of `rabbitmq-client` behind the port. */
export class RabbitmqClientChannel
  extends TopologyRequests<Channel & ChannelInternals>
  implements DriverChannel
{
  readonly id: number;
  readonly #events: DriverChannelEvents;
  readonly #owner: ChannelOwner;
  readonly #frameMax: number;
  readonly #deliver = new Map<string, DriverConsume['deliver']>();
  readonly #assembly: Assembly;
  readonly #pending = new Pending();
  /** Resolves once nothing will come of it any more. */
  readonly #gone = deferred();
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
    super(channel);
    this.id = channel.id;
    this.#events = events;
    this.#owner = owner;
    this.#frameMax = frameMax;
    this.#assembly = new Assembly((method, message) => this.#received(method, message));
    channel._state.maxFrameSize = frameMax - AROUND_PAYLOAD; // to the driver it is that of a payload
    // Whatever it would emit here is told through `close` or through a rejected request as well.
    channel.on('error', ignore);
    // It takes nothing more from here on, whether or not the broker ever answers its goodbye.
    channel._state.stream.once('error', (error) => {
      if (this.#closeFrame || owner.over) return;
      this.#end(GIVEN_UP);
      this.#pending.end(error);
    });
    channel.once('close', () => {
      this.#gone.resolve();
      // Of a lost connection this event tells first, and the channel is told by `connectionGone`.
      queueMicrotask(() => owner.channelGone(this));
      if (this.#closeFrame) this.#end(endOf(this.#closeFrame));
    });
  }

  /** Takes a frame that arrived for it. */
  frame(frame: MethodFrame | HeaderFrame | BodyFrame): void {
    switch (frame.type) {
      case FRAME.method:
        return this.#method(frame);
      case FRAME.header:
        return this.#assembly.header(frame);
      case FRAME.body:
        return this.#assembly.body(frame);
    }
  }

  /** Tells the end of the connection, once. */
  connectionGone(cause: Error): void {
    this.#end({ kind: 'connection', cause });
    this.abandon(cause);
  }

  /** Nothing will come of it any more: lets go of everything that waits, and tells nothing. */
  abandon(cause: Error): void {
    this.#over = true;
    this.#deliver.clear();
    this.#pending.end(cause);
    this.#gone.resolve();
  }

  async setQos(prefetch: number, global: boolean): Promise<void> {
    await this.ask(METHOD.basicQos, () =>
      this.channel.basicQos({ prefetchCount: prefetch, global }),
    );
  }

  async consume(options: DriverConsume): Promise<string> {
    const { queue, noAck, exclusive } = options;
    // Named here, so that the first delivery finds its consumer even before the broker's answer is read.
    const consumerTag = options.consumerTag || this.#freeTag();
    this.#deliver.set(consumerTag, options.deliver);
    try {
      const ok = await this.ask(METHOD.basicConsume, () =>
        this.channel.basicConsume(
          { queue, noAck, exclusive, consumerTag, ...withArguments(options.arguments) },
          ignore,
        ),
      );
      if (ok.consumerTag !== consumerTag)
        throw this.violated('the server started another consumer than was asked for');
    } catch (error) {
      this.#forget(consumerTag, options.deliver);
      throw error;
    }
    return consumerTag;
  }

  async cancel(consumerTag: string): Promise<void> {
    const deliver = this.#deliver.get(consumerTag);
    await this.ask(METHOD.basicCancel, () => this.channel.basicCancel({ consumerTag }));
    this.#forget(consumerTag, deliver);
  }

  async get(queue: string, options: { noAck: boolean }): Promise<WireDelivery | undefined> {
    const answer: unknown = await this.ask(METHOD.basicGet, () =>
      this.channel.basicGet({ queue, ...options }),
    );
    return answer instanceof Fetched ? answer.message : undefined;
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
    await this.ask(METHOD.confirmSelect, () =>
      this.channel._invoke(METHOD.confirmSelect, METHOD.confirmSelectOk, { nowait: false }),
    );
  }

  get congested(): boolean {
    // What is published past a full socket waits in the driver, without bound.
    return this.#owner.congested || this.channel._state.stream.writableLength > 0;
  }

  /** The socket takes more again. */
  writable(): void {
    if (!this.#over) this.#events.writable();
  }

  publish(message: WireMessage): number {
    // Once it is not, `ended` has been told or is about to be.
    if (this.channel.active) {
      this.#owner.hold();
      this.channel._state.stream.write(publishFrames(this.id, message, this.#frameMax));
    }
    return ++this.#published;
  }

  async selectTransactions(): Promise<void> {
    await this.ask(METHOD.txSelect, () => this.channel.txSelect());
  }

  async commit(): Promise<void> {
    await this.ask(METHOD.txCommit, () => this.channel.txCommit());
  }

  async rollback(): Promise<void> {
    await this.ask(METHOD.txRollback, () => this.channel.txRollback());
  }

  /**
   * Says goodbye behind whatever waits to be sent. It does not wait for requests under way, as the driver's own
   * `close` would: a channel on which one gets no answer would stay open, consumers and all.
   */
  close(): Promise<void> {
    this.#over = true;
    if (this.channel.active) {
      this.#send(METHOD.channelClose, { replyCode: 200, replyText: '', methodId: 0 });
      this.channel.active = false;
    }
    return this.#gone.promise;
  }

  protected violated(text: string): LeveretError {
    return this.#owner.violated(text);
  }

  protected async ask<T>(methodId: number, request: () => Promise<T>): Promise<T> {
    try {
      return await this.#pending.add(request());
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
    if (!this.channel.active) return; // `ended` is on its way, and the broker delivers again
    this.#owner.hold();
    this.channel._invokeNowait(methodId, params);
  }

  #method(frame: MethodFrame): void {
    const { methodId, params = {} } = frame;
    if (this.#assembly.busy)
      throw new ProtocolViolation('the server sent a method between the frames of a message');
    switch (methodId) {
      case METHOD.basicDeliver:
      case METHOD.basicReturn:
      case METHOD.basicGetOk:
        return this.#assembly.method(frame);
      case METHOD.basicAck:
      case METHOD.basicNack:
        return this.#confirmed(params, methodId === METHOD.basicAck);
      case METHOD.basicCancel:
        return this.#cancelled(String(params['consumerTag']), params['nowait'] === true);
      case METHOD.basicGetEmpty:
        return this.channel._handleRPC(METHOD.basicGetOk, undefined);
      case METHOD.channelCloseOk:
        // Left over where both sides closed it at once, for the channel that has its number now.
        if (!this.channel.active) this.channel._clear();
        return;
      case METHOD.channelClose:
        this.#closeFrame = closeFrame(frame.params);
    }
    this.channel._handleRPC(methodId, frame.params);
  }

  #confirmed(params: Readonly<Record<string, unknown>>, ok: boolean): void {
    if (this.#over) return;
    const tag = Number(params['deliveryTag']);
    if (!(tag >= 1 && tag <= this.#published))
      throw new ProtocolViolation(`the server confirmed ${tag}, which was never published`);
    this.#events.confirmed(tag, params['multiple'] === true, ok);
  }

  #cancelled(consumerTag: string, nowait: boolean): void {
    if (!nowait) this.#send(METHOD.basicCancelOk, { consumerTag });
    const deliver = this.#deliver.get(consumerTag);
    // The answer to `consume` may have come just before, and is told by a promise.
    systemClock.endOfTurn(() => {
      this.#forget(consumerTag, deliver);
      if (!this.#over) this.#events.cancelled(consumerTag);
    });
  }

  #freeTag(): string {
    let tag: string;
    do tag = `leveret-${this.id}-${++this.#consumers}`;
    while (this.#deliver.has(tag));
    return tag;
  }

  /** Another consumer may have been started by that tag meanwhile. */
  #forget(consumerTag: string, deliver: DriverConsume['deliver'] | undefined): void {
    if (this.#deliver.get(consumerTag) === deliver) this.#deliver.delete(consumerTag);
  }

  #received({ methodId }: MethodFrame, message: Assembled): void {
    if (methodId === METHOD.basicReturn) {
      if (!this.#over) this.#events.returned(message);
      return;
    }
    const { deliveryTag } = message;
    // What no number holds exactly could not be acknowledged.
    if (!(deliveryTag >= 1 && deliveryTag <= Number.MAX_SAFE_INTEGER))
      throw new ProtocolViolation(`the server delivered a message with the tag ${deliveryTag}`);
    if (methodId === METHOD.basicGetOk) this.channel._handleRPC(methodId, new Fetched(message));
    else if (!this.#over) this.#deliver.get(message.consumerTag ?? '')?.(message);
  }

  #end(end: ChannelEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#deliver.clear();
    this.#events.ended(end);
  }
}

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

/** A fetched message on its way through the driver, which prints what it did not expect, bodies included. */
class Fetched {
  readonly #message: Assembled;

  constructor(message: Assembled) {
    this.#message = message;
  }

  get message(): Assembled {
    return this.#message;
  }
}

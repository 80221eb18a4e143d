import { LeveretError } from '../../errors/leveret-error.ts';
import { systemClock } from '../../internal/clock.ts';
import { deferred } from '../../internal/deferred.ts';
import type { WireDelivery, WireMessage, WireReturn } from '../../message/message.ts';
import type { ChannelEnd, DriverChannel, DriverChannelEvents, DriverConsume } from '../driver.ts';
import { Assembly } from './assembly.ts';
import type { ContentHeader } from './content-header.ts';
import { type CloseFrame, ProtocolViolation, textOf, unanswered } from './failures.ts';
import type { Confirm, Method } from './methods.ts';
import { ackFrame, bits, long, longlong, type Part, short, shortstr, table } from './parts.ts';
import { METHOD, REPLY } from './protocol.ts';
import { type Answer, Requests } from './requests.ts';
import { doneBy, TopologyRequests } from './topology.ts';

/** What a channel needs of its connection. */
export interface ChannelOwner {
  /** The close that the broker sent for the whole connection, if it did. */
  readonly closeFrame: CloseFrame | undefined;
  /** Whether the socket holds as much as it should. */
  readonly congested: boolean;
  /** Sends a frame, merged with whatever else is sent in this turn. */
  send(frame: Buffer): void;
  /** Sends a message likewise. */
  publish(channel: number, message: WireMessage): void;
  /** Lets go of a peer that does not keep to the protocol; gives the error of the request that it was about. */
  violated(text: string): LeveretError;
  /** The broker has done with the channel: its number is free. */
  channelGone(channel: AmqpChannel): void;
}

/** `closing` is one that says goodbye, `over` one that tells nothing any more and may not send. */
type State = 'opening' | 'open' | 'closing' | 'over';

/** A channel of a connection whose frames are read and written here. */
export class AmqpChannel extends TopologyRequests implements DriverChannel {
  readonly #events: DriverChannelEvents;
  readonly #owner: ChannelOwner;
  readonly #deliver = new Map<string, DriverConsume['deliver']>();
  readonly #assembly: Assembly;
  readonly #requests: Requests;
  /** Resolves once nothing will come of it any more. */
  readonly #gone = deferred();
  #state: State = 'opening';
  #closeFrame: CloseFrame | undefined;
  /** Given once its connection is gone. */
  #cause: Error | undefined;
  #consumers = 0;
  #published = 0;

  constructor(id: number, events: DriverChannelEvents, owner: ChannelOwner) {
    super(id);
    this.#events = events;
    this.#owner = owner;
    this.#requests = new Requests((frame) => owner.send(frame));
    this.#assembly = new Assembly({
      delivered: (message) => this.#delivered(message),
      fetched: (message) => this.#fetched(message),
      returned: (message) => this.#returned(message),
    });
  }

  /** `channel.open`; nothing else may come before its answer. */
  async open(): Promise<void> {
    const frame = this.frame(METHOD.channelOpen, shortstr(''));
    await this.ask(METHOD.channelOpen, frame, doneBy(METHOD.channelOpenOk));
  }

  /** Takes a method that came for it. */
  method(method: Method): void {
    if (this.#assembly.busy)
      throw new ProtocolViolation('the server sent a method between the frames of a message');
    switch (method.id) {
      case METHOD.basicDeliver:
      case METHOD.basicReturn:
      case METHOD.basicGetOk:
        this.#mustBeOpen();
        return this.#assembly.method(method);
      case METHOD.basicAck:
      case METHOD.basicNack:
        return this.#confirmed(method);
      case METHOD.basicCancel:
        return this.#cancelled(method.consumerTag, method.noWait);
      case METHOD.channelClose:
        return this.#closedByBroker(method);
      case METHOD.channelCloseOk:
        // Else left over where both sides closed one at once, of the channel that had the number before.
        if (this.#state === 'closing') this.#end();
        return;
      case METHOD.channelOpenOk:
        if (this.#state === 'opening') this.#state = 'open';
    }
    this.#answered(method);
  }

  /** Takes a content header that came for it. */
  header(header: ContentHeader): void {
    this.#assembly.header(header);
  }

  /** Takes a piece of a body that came for it. */
  body(payload: Buffer): void {
    this.#assembly.body(payload);
  }

  /** The connection is gone: tells its end, once. */
  connectionGone(cause: Error): void {
    this.#cause = cause;
    this.#tell({ kind: 'connection', cause });
    this.#end();
  }

  /** Nothing will come of it any more: lets go of everything that waits, and tells nothing. */
  abandon(cause: Error): void {
    this.#cause = cause;
    this.#end();
  }

  async setQos(prefetch: number, global: boolean): Promise<void> {
    const frame = this.frame(METHOD.basicQos, long(0), short(prefetch), bits(global));
    await this.ask(METHOD.basicQos, frame, doneBy(METHOD.basicQosOk));
  }

  async consume(options: DriverConsume): Promise<string> {
    const { queue, noAck, exclusive } = options;
    // Named here, so that the first delivery finds its consumer even before the broker's answer is read.
    const consumerTag = options.consumerTag || this.#freeTag();
    this.#deliver.set(consumerTag, options.deliver);
    try {
      const frame = this.frame(
        METHOD.basicConsume,
        short(0),
        shortstr(queue),
        shortstr(consumerTag),
        bits(false, noAck, exclusive, false),
        table(options.arguments),
      );
      const started = await this.ask(METHOD.basicConsume, frame, (answer) =>
        answer.id === METHOD.basicConsumeOk ? answer.consumerTag : undefined,
      );
      if (started !== consumerTag)
        throw this.violated('the server started another consumer than was asked for');
    } catch (error) {
      this.#forget(consumerTag, options.deliver);
      throw error;
    }
    return consumerTag;
  }

  async cancel(consumerTag: string): Promise<void> {
    const deliver = this.#deliver.get(consumerTag);
    const frame = this.frame(METHOD.basicCancel, shortstr(consumerTag), bits(false));
    await this.ask(METHOD.basicCancel, frame, doneBy(METHOD.basicCancelOk));
    this.#forget(consumerTag, deliver);
  }

  async get(queue: string, { noAck }: { noAck: boolean }): Promise<WireDelivery | undefined> {
    const frame = this.frame(METHOD.basicGet, short(0), shortstr(queue), bits(noAck));
    const answer = await this.ask(METHOD.basicGet, frame, (each) =>
      each.id === 'message' || each.id === METHOD.basicGetEmpty ? each : undefined,
    );
    return answer.id === 'message' ? answer.message : undefined;
  }

  ack(deliveryTag: number, multiple: boolean): void {
    if (this.#state === 'open') this.#owner.send(ackFrame(this.id, deliveryTag, multiple));
  }

  nack(deliveryTag: number, requeue: boolean): void {
    this.#send(METHOD.basicNack, longlong(deliveryTag), bits(false, requeue));
  }

  reject(deliveryTag: number, requeue: boolean): void {
    this.#send(METHOD.basicReject, longlong(deliveryTag), bits(requeue));
  }

  async selectConfirms(): Promise<void> {
    const frame = this.frame(METHOD.confirmSelect, bits(false));
    await this.ask(METHOD.confirmSelect, frame, doneBy(METHOD.confirmSelectOk), () => {
      this.#published = 0; // the broker counts from here on
    });
  }

  get congested(): boolean {
    return this.#state !== 'open' || this.#owner.congested;
  }

  /** The socket takes more again. */
  writable(): void {
    if (this.#state === 'open') this.#events.writable();
  }

  publish(message: WireMessage): number {
    try {
      // Where it is not open, `ended` has been told, or is about to be.
      if (this.#state === 'open') this.#owner.publish(this.id, message);
    } catch (error) {
      const text = `the message cannot be written: ${textOf(error)}`;
      throw LeveretError.from(error, 'INVALID_MESSAGE', text);
    }
    return ++this.#published;
  }

  async selectTransactions(): Promise<void> {
    await this.ask(METHOD.txSelect, this.frame(METHOD.txSelect), doneBy(METHOD.txSelectOk));
  }

  async commit(): Promise<void> {
    await this.ask(METHOD.txCommit, this.frame(METHOD.txCommit), doneBy(METHOD.txCommitOk));
  }

  async rollback(): Promise<void> {
    await this.ask(METHOD.txRollback, this.frame(METHOD.txRollback), doneBy(METHOD.txRollbackOk));
  }

  /**
   * Says goodbye behind whatever waits to be sent. It does not wait for requests under way: a channel on which one gets
   * no answer would stay open, consumers and all.
   */
  close(): Promise<void> {
    if (this.#state === 'open') {
      this.#send(METHOD.channelClose, short(REPLY.success), shortstr(''), long(0));
      this.#state = 'closing';
      // Sent behind the goodbye, they would cost the connection.
      this.#requests.endWaiting(() => this.#failure(undefined));
    }
    return this.#gone.promise;
  }

  protected violated(text: string): LeveretError {
    return this.#owner.violated(text);
  }

  protected async ask<T>(
    methodId: number,
    frame: Buffer,
    read: (answer: Answer) => T | undefined,
    sent?: () => void,
  ): Promise<T> {
    if (this.#state === 'closing' || this.#state === 'over') throw this.#failure(undefined);
    return await this.#requests.ask(methodId, frame, read, sent);
  }

  /** Sends what has no answer; the broker delivers again what it says of a channel that is over. */
  #send(methodId: number, ...fields: readonly Part[]): void {
    if (this.#state === 'open') this.#owner.send(this.frame(methodId, ...fields));
  }

  #mustBeOpen(): void {
    if (this.#state === 'opening')
      throw new ProtocolViolation('the server sent something on a channel that is not open yet');
  }

  #answered(answer: Answer): void {
    if (this.#requests.answered(answer) || this.#state === 'closing') return;
    throw new ProtocolViolation('the server answered what was not asked');
  }

  #confirmed({ id, deliveryTag, multiple }: Confirm): void {
    if (this.#state === 'closing') return;
    if (!(deliveryTag >= 1 && deliveryTag <= this.#published))
      throw new ProtocolViolation(`the server confirmed ${deliveryTag}, which was never published`);
    this.#events.confirmed(deliveryTag, multiple, id === METHOD.basicAck);
  }

  #cancelled(consumerTag: string, noWait: boolean): void {
    if (!noWait) this.#send(METHOD.basicCancelOk, shortstr(consumerTag));
    const deliver = this.#deliver.get(consumerTag);
    // The answer to `consume` may have come just before, and is told by a promise.
    systemClock.endOfTurn(() => {
      this.#forget(consumerTag, deliver);
      if (this.#state === 'open') this.#events.cancelled(consumerTag);
    });
  }

  #closedByBroker(close: CloseFrame): void {
    this.#owner.send(this.frame(METHOD.channelCloseOk));
    this.#closeFrame = close;
    const { replyCode, replyText, methodId } = close;
    const publish = methodId === METHOD.basicPublish;
    this.#tell({ kind: 'channel', replyCode, replyText, publish });
    this.#end();
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

  #delivered(message: WireDelivery): void {
    checkTag(message);
    if (this.#state !== 'open') return;
    const deliver = this.#deliver.get(message.consumerTag ?? '');
    if (deliver) deliver(message);
    // It came late. Left alone, it would be acknowledged along with what came after it.
    else this.nack(message.deliveryTag, true);
  }

  #fetched(message: WireDelivery): void {
    checkTag(message);
    this.#answered({ id: 'message', message });
  }

  #returned(message: WireReturn): void {
    if (this.#state === 'open') this.#events.returned(message);
  }

  /** Whoever hears of it may publish at once, and nothing may follow `close-ok`: it would cost the connection. */
  #tell(end: ChannelEnd): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#events.ended(end);
  }

  /** It is over, told or not: whatever waits is let go of, and its number is free. */
  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#deliver.clear();
    this.#requests.end((methodId) => this.#failure(methodId));
    this.#owner.channelGone(this);
    this.#gone.resolve();
  }

  #failure(methodId: number | undefined): LeveretError {
    const close = this.#closeFrame ?? this.#owner.closeFrame;
    const cause = this.#cause ?? new Error(close?.replyText || 'the channel is closed');
    return unanswered(close, methodId, cause);
  }
}

/** What no number holds exactly could not be acknowledged. */
function checkTag({ deliveryTag }: WireDelivery): void {
  if (deliveryTag >= 1 && deliveryTag <= Number.MAX_SAFE_INTEGER) return;
  throw new ProtocolViolation(`the server delivered a message with the tag ${deliveryTag}`);
}

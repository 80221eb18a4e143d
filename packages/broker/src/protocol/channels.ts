import { AmqpError, type MethodId, noMethod } from '../base/amqp-error.ts';
import { checkFrameType, frameType } from '../wire/frame-types.ts';
import { decodeMethod } from '../wire/method-codec.ts';
import { type Method, methods } from '../wire/methods.ts';
import { Channel } from './channel.ts';
import type { Link } from './link.ts';
import { perform } from './methods/dispatch.ts';
import type { Session } from './session.ts';

interface OpenSlot {
  readonly kind: 'open';
  readonly channel: Channel;
}

/** A channel number that is in use. */
type Slot =
  | OpenSlot
  /** The broker closed it: everything but `close` and `close-ok` is ignored. */
  | { readonly kind: 'closing'; readonly link: Link };

/** What the channels of a connection need of it. */
export interface ChannelsHost {
  readonly session: Session;
  /** How many channels may be open, whatever their numbers; 0 is any. */
  readonly channelMax: number;
  link(channel: number): Link;
  /** The header of a message came in. */
  published(): void;
}

/** Content frames are blamed on the method that they belong to. */
const PUBLISH: MethodId = methods['basic.publish'].id;

/** The channels of one connection by their number. */
export class Channels {
  readonly #host: ChannelsHost;
  readonly #slots = new Map<number, Slot>();
  /** Channels that may have confirms to write at the end of what was read. */
  readonly #unflushed = new Set<Channel>();

  /** Channels that the client closed in what was just read: what it said there behind the close means nothing. */
  readonly #left = new Set<number>();

  constructor(host: ChannelsHost) {
    this.#host = host;
  }

  /** How many are open. */
  get size(): number {
    return this.#slots.size;
  }

  /** Deliveries that the client has yet to settle. */
  get unackedCount(): number {
    let count = 0;
    for (const slot of this.#slots.values()) {
      if (slot.kind === 'open') count += slot.channel.unackedCount;
    }
    return count;
  }

  /**
   * Takes a frame for a channel. A refusal that only concerns the channel is answered here.
   *
   * @throws AmqpError for what ends the connection
   */
  receive(type: number, number: number, payload: Buffer): void {
    checkFrameType(type);
    const slot = this.#slots.get(number);
    if (slot === undefined) this.#receiveFirst(type, number, payload);
    else if (slot.kind === 'closing') this.#receiveLate(type, number, slot.link, payload);
    else this.#receiveOpen(type, number, slot, payload);
  }

  /** Writes what waited for the end of what was read. */
  flush(): void {
    this.#left.clear();
    if (this.#unflushed.size === 0) return;
    for (const channel of this.#unflushed) channel.flush();
    this.#unflushed.clear();
  }

  /** The client reads again. A channel that uses up the room goes behind the others, which are served first next time. */
  resume(): void {
    for (const [number, slot] of this.#slots) {
      if (slot.kind !== 'open') continue;
      slot.channel.consumers.resume();
      if (slot.channel.link.writable) continue;
      this.#slots.delete(number);
      this.#slots.set(number, slot);
      return;
    }
  }

  /** Delivers nothing more, on any channel. */
  stop(): void {
    for (const slot of this.#slots.values()) {
      if (slot.kind === 'open') slot.channel.consumers.stop();
    }
  }

  /** Ends all channels. */
  end(): void {
    // Else what one of them gives back would be delivered to the next, and come back from there once more.
    this.stop();
    const slots = Array.from(this.#slots.values());
    this.#slots.clear();
    this.#unflushed.clear();
    for (const slot of slots) if (slot.kind === 'open') slot.channel.end();
  }

  #receiveFirst(type: number, number: number, payload: Buffer): void {
    const { channelMax, session } = this.#host;
    if (this.#left.has(number)) {
      if (type !== frameType.method || decodeMethod(payload).name !== 'channel.open') return;
      this.#left.delete(number);
    }
    if (channelMax !== 0 && this.#slots.size >= channelMax) {
      throw new AmqpError(
        530,
        `number of channels opened (${this.#slots.size}) has reached the negotiated channel_max (${channelMax})`,
      );
    }
    if (type !== frameType.method) throw new AmqpError(505, 'expected a method');
    const method = decodeMethod(payload);
    if (method.name !== 'channel.open') {
      throw new AmqpError(504, "expected 'channel.open'").of(methods[method.name].id);
    }
    const link = this.#host.link(number);
    this.#slots.set(number, { kind: 'open', channel: new Channel(link, session) });
    session.traffic.channels += 1;
    link.send('channel.open-ok', {});
  }

  #receiveLate(type: number, number: number, link: Link, payload: Buffer): void {
    if (type !== frameType.method) return;
    const { name } = decodeMethod(payload);
    if (name === 'channel.close') link.send('channel.close-ok', {});
    if (name === 'channel.close-ok') this.#slots.delete(number);
    if (name === 'channel.open') {
      throw new AmqpError(504, "second 'channel.open' seen").of(methods[name].id);
    }
  }

  #receiveOpen(type: number, number: number, slot: OpenSlot, payload: Buffer): void {
    const { channel } = slot;
    let blamed = channel.assembly.busy ? PUBLISH : noMethod;
    try {
      if (type !== frameType.method) {
        this.#receiveContent(type, channel, payload);
        return;
      }
      if (channel.assembly.busy) throw new AmqpError(505, 'expected content, got a method');
      const method = decodeMethod(payload);
      blamed = methods[method.name].id;
      this.#receiveMethod(number, channel, method);
    } catch (error) {
      if (!(error instanceof AmqpError)) throw error;
      const refusal = error.method === noMethod ? error.of(blamed) : error;
      if (refusal.scope === 'connection') throw refusal;
      this.#refuse(number, channel, refusal);
    }
  }

  #receiveContent(type: number, channel: Channel, payload: Buffer): void {
    const { assembly } = channel;
    const isHeader = type === frameType.header;
    const publish = isHeader ? assembly.header(payload) : assembly.body(payload);
    if (isHeader) this.#host.published();
    if (publish === undefined) return;
    this.#unflushed.add(channel);
    channel.publish(publish);
  }

  #receiveMethod(number: number, channel: Channel, method: Method): void {
    switch (method.name) {
      case 'channel.open':
        throw new AmqpError(504, "second 'channel.open' seen");
      case 'channel.close':
        channel.flush();
        this.#forget(number, channel);
        this.#left.add(number);
        channel.link.send('channel.close-ok', {});
        return;
      case 'channel.close-ok':
        throw new AmqpError(503, 'nothing was closed');
      default:
        perform(channel, method);
    }
  }

  /** Closes a channel over what was refused. Everything on it ends now, not when the client has answered. */
  #refuse(number: number, channel: Channel, error: AmqpError): void {
    const { link } = channel;
    channel.flush();
    this.#forget(number, channel);
    this.#slots.set(number, { kind: 'closing', link });
    const [classId, methodId] = error.method;
    link.send('channel.close', {
      replyCode: error.code,
      replyText: error.replyText,
      classId,
      methodId,
    });
  }

  #forget(number: number, channel: Channel): void {
    this.#slots.delete(number);
    this.#unflushed.delete(channel);
    channel.end();
  }
}

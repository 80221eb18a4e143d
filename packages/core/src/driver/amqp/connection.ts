import type { Socket } from 'node:net';
import { LeveretError } from '../../errors/leveret-error.ts';
import { lastInTurn, systemClock } from '../../internal/clock.ts';
import { deferred } from '../../internal/deferred.ts';
import type { HeaderTable, WireMessage } from '../../message/message.ts';
import type {
  DriverChannel,
  DriverChannelEvents,
  DriverConnection,
  DriverConnectionEvents,
} from '../driver.ts';
import { AmqpChannel, type ChannelOwner } from './channel.ts';
import type { ContentHeader } from './content-header.ts';
import {
  type CloseFrame,
  ConnectionClosed,
  lost,
  ProtocolViolation,
  unanswered,
} from './failures.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import type { Method } from './methods.ts';
import { long, longstr, methodFrame, short, shortstr } from './parts.ts';
import { LEAST_FRAME_MAX, METHOD, REPLY } from './protocol.ts';
import { Requests } from './requests.ts';
import { doneBy } from './topology.ts';

/** Milliseconds that the last bytes get to leave, once the peer has said that nothing more will come of it. */
const LINGER = 1000;

/**
 * A connection that a client library has opened, as it hands it over. From then on the library keeps it alive by heartbeats, and
 * its frames are read and written here.
 */
export interface Handover {
  /** The connected socket; whatever is written to it goes to the broker. */
  readonly socket: Socket;
  /** The size of a frame in bytes, as agreed. */
  readonly frameMax: number;
  /** The highest number of a channel, as agreed. */
  readonly channelMax: number;
  /** What the broker says of itself, where the library tells. */
  readonly serverProperties: HeaderTable | undefined;
  /** What the library has read beyond the handshake. The rest is in the socket, from which it reads no more. */
  readonly rest: Buffer;
  /** Called when a frame has come: the peer lives. */
  alive(): void;
  /** Lets go of socket and timers at once, and tells nobody. */
  destroy(): void;
}

/** `closing` is one that says goodbye. */
type State = 'open' | 'closing' | 'over';

/** An open connection, on whatever library opened it. */
class AmqpConnection implements DriverConnection, ChannelOwner, FrameSink {
  readonly frameMax: number;
  readonly serverProperties: HeaderTable | undefined;
  readonly #handover: Handover;
  readonly #events: DriverConnectionEvents;
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  readonly #channels = new Map<number, AmqpChannel>();
  readonly #requests: Requests;
  /** Resolves once there is no socket. */
  readonly #gone = deferred();
  #state: State = 'open';
  #closeFrame: CloseFrame | undefined;
  #failure: Error | undefined;

  /** Throws a `ProtocolViolation` where what was agreed is none that AMQP allows. */
  constructor(handover: Handover, events: DriverConnectionEvents) {
    if (handover.frameMax < LEAST_FRAME_MAX)
      throw new ProtocolViolation(`the server wants frames of at most ${handover.frameMax} bytes`);
    this.frameMax = handover.frameMax;
    this.serverProperties = handover.serverProperties;
    this.#handover = handover;
    this.#events = events;
    this.#reader = new FrameReader(this, handover.frameMax);
    this.#requests = new Requests((frame) => this.send(frame));
    const { socket } = handover;
    this.#writer = new FrameWriter(socket, lastInTurn);
    socket.on('drain', () => {
      for (const channel of [...this.#channels.values()]) safely(() => channel.writable());
    });
    socket.once('error', (error) => {
      this.#failure = error;
    });
    socket.once('end', () => this.#linger());
    socket.once('close', () => this.#closed());
    this.#read(handover.rest);
    // The library waited there for what to read next. Node hands over pieces with less ado than it gives them on demand.
    socket.removeAllListeners('readable');
    socket.on('data', (piece: Buffer) => this.#read(piece));
    socket.resume();
  }

  get closeFrame(): CloseFrame | undefined {
    return this.#closeFrame;
  }

  get congested(): boolean {
    return this.#handover.socket.writableNeedDrain;
  }

  send(frame: Buffer): void {
    this.#writer.frame(frame);
  }

  publish(channel: number, message: WireMessage): void {
    this.#writer.message(channel, message, this.frameMax);
  }

  violated(text: string): LeveretError {
    const violation = new ProtocolViolation(text);
    this.#handover.socket.destroy(violation);
    return lost(violation);
  }

  channelGone(channel: AmqpChannel): void {
    this.#channels.delete(channel.id);
  }

  async openChannel(events: DriverChannelEvents): Promise<DriverChannel> {
    if (this.#state !== 'open') throw lost(new Error('the connection is closed'));
    const channel = new AmqpChannel(this.#freeNumber(), events, this);
    this.#channels.set(channel.id, channel);
    await channel.open();
    return channel;
  }

  async updateSecret(secret: string, reason: string): Promise<void> {
    if (this.#state !== 'open') throw lost(new Error('the connection is closed'));
    const id = METHOD.connectionUpdateSecret;
    const frame = methodFrame(0, id, longstr(secret), shortstr(reason));
    await this.#requests.ask(id, frame, doneBy(METHOD.connectionUpdateSecretOk));
  }

  close(): Promise<void> {
    if (this.#state === 'open') {
      const fields = [short(REPLY.success), shortstr(''), long(0)];
      this.send(methodFrame(0, METHOD.connectionClose, ...fields));
      this.#state = 'closing';
    }
    return this.#gone.promise;
  }

  destroy(): void {
    this.#state = 'over';
    this.#handover.destroy();
    this.#abandon(new Error('the connection is closed'));
  }

  method(number: number, method: Method): void {
    if (this.#isDeaf) return;
    if (number === 0) return this.#own(method);
    const channel = this.#channels.get(number);
    if (channel) return channel.method(method);
    // Where both sides close a channel at once, the second answer comes when it is gone.
    if (method.id !== METHOD.channelCloseOk) throw notOpen(number);
  }

  header(number: number, header: ContentHeader): void {
    if (!this.#isDeaf) this.#channel(number).header(header);
  }

  body(number: number, payload: Buffer): void {
    if (!this.#isDeaf) this.#channel(number).body(payload);
  }

  /** Whether what comes is of no interest any more: the broker has said goodbye, or the connection was let go of. */
  get #isDeaf(): boolean {
    return this.#closeFrame !== undefined || this.#state === 'over';
  }

  #read(piece: Buffer): void {
    const { socket } = this.#handover;
    if (socket.destroyed) return;
    try {
      if (this.#reader.take(piece)) this.#handover.alive();
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #channel(number: number): AmqpChannel {
    const channel = this.#channels.get(number);
    if (!channel) throw notOpen(number);
    return channel;
  }

  /** Takes a method that is of the connection. */
  #own(method: Method): void {
    switch (method.id) {
      case METHOD.connectionClose:
        this.send(methodFrame(0, METHOD.connectionCloseOk));
        this.#closeFrame = method;
        return this.#linger();
      case METHOD.connectionBlocked:
        if (this.#state === 'open') this.#events.blocked(method.reason);
        return;
      case METHOD.connectionUnblocked:
        if (this.#state === 'open') this.#events.unblocked();
        return;
      case METHOD.connectionCloseOk:
        if (this.#state === 'closing') return this.#handover.destroy();
    }
    if (!this.#requests.answered(method))
      throw new ProtocolViolation('the server answered what was not asked');
  }

  #freeNumber(): number {
    const { channelMax } = this.#handover;
    for (let number = 1; number <= channelMax; number++)
      if (!this.#channels.has(number)) return number;
    throw new LeveretError('REFUSED', `all ${channelMax} channels of the connection are open`);
  }

  /** Nothing more will come: the socket goes as soon as what is on its way out has left, or soon in any case. */
  #linger(): void {
    const { socket } = this.#handover;
    this.#writer.flush();
    socket.end();
    const timer = systemClock.after(LINGER, () => socket.destroy());
    socket.once('close', () => timer.cancel());
  }

  #closed(): void {
    const cause = this.#closeFrame
      ? new ConnectionClosed(this.#closeFrame)
      : (this.#failure ?? new Error('the server ended the connection'));
    const untold = this.#state === 'open';
    this.#state = 'over';
    this.#handover.destroy();
    if (untold)
      for (const channel of [...this.#channels.values()])
        safely(() => channel.connectionGone(cause));
    this.#abandon(cause);
    if (untold) this.#events.lost(cause);
  }

  /** Nothing will come of it any more: whatever still waits is let go of. */
  #abandon(cause: Error): void {
    for (const channel of [...this.#channels.values()]) channel.abandon(cause);
    this.#requests.end((methodId) => unanswered(this.#closeFrame, methodId, cause));
    this.#gone.resolve();
  }
}

/** What a listener throws is nobody's here to catch, and must not keep the others from being told. */
function safely(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/**
 * Takes a connection over from the library that opened it: the driver connection on it is done here, bytes in and out. Throws
 * where what was agreed is nothing that AMQP allows; it is the caller's then to let go of the socket.
 */
export function takeOver(handover: Handover, events: DriverConnectionEvents): DriverConnection {
  return new AmqpConnection(handover, events);
}

function notOpen(number: number): ProtocolViolation {
  return new ProtocolViolation(
    `the server sent a frame for the channel ${number}, which is not open`,
  );
}

import type { Connection } from 'rabbitmq-client';
import { describe, LeveretError } from '../../errors/leveret-error.ts';
import { systemClock } from '../../internal/clock.ts';
import { deferred } from '../../internal/deferred.ts';
import type { HeaderTable } from '../../message/message.ts';
import type {
  DriverChannel,
  DriverChannelEvents,
  DriverConnection,
  DriverConnectionEvents,
} from '../driver.ts';
import { type ChannelOwner, RabbitmqClientChannel } from './channel.ts';
import { type CloseFrame, closeFrame, lost, ProtocolViolation } from './failures.ts';
import {
  type AnyFrame,
  type ConnectionInternals,
  channelInternals,
  type HeartbeatFrame,
} from './internals.ts';
import { FRAME, METHOD } from './protocol.ts';

/** Bytes that are merged at most: above it a system call is cheap beside the bytes. */
const MERGED = 8192;

/** Milliseconds that the last bytes get to leave, once the peer has said that nothing more will come of it. */
const LINGER = 1000;

/** What the driver is given in place of a frame that is none of its business, since it counts what comes. */
const ALIVE: HeartbeatFrame = { type: FRAME.heartbeat, channelId: 0 };

/** An open connection of `rabbitmq-client` behind the port. */
export class RabbitmqClientConnection implements DriverConnection, ChannelOwner {
  readonly frameMax: number;
  readonly #connection: Connection & ConnectionInternals;
  readonly #events: DriverConnectionEvents;
  readonly #driverName: string;
  readonly #driver: (frame: AnyFrame) => void;
  readonly #lastHeaders: () => HeaderTable | undefined;
  readonly #channels = new Map<number, RabbitmqClientChannel>();
  /** Resolves once there is no socket. */
  readonly #gone = deferred();
  #closeFrame: CloseFrame | undefined;
  #over = false;
  #held = false;

  constructor(
    connection: Connection & ConnectionInternals,
    events: DriverConnectionEvents,
    driverName: string,
    lastHeaders: () => HeaderTable | undefined,
  ) {
    this.#connection = connection;
    this.#events = events;
    this.#driverName = driverName;
    this.#lastHeaders = lastHeaders;
    this.frameMax = connection._state.frameMax;
    this.#driver = connection._handleChunk.bind(connection);
    connection._handleChunk = (frame) => this.#frame(frame);
    const { _socket: socket } = connection;
    // The driver's own listeners come later, and write what waits there: it goes before anything new.
    socket.on('drain', () => {
      queueMicrotask(() => {
        for (const channel of [...this.#channels.values()]) channel.writable();
      });
    });
    connection.on('error', (error: Error) => {
      connection.unsafeDestroy(); // it would reconnect
      this.#lost(error);
    });
    socket.once('end', () => this.#linger());
    // After the driver's own, which tells of an error where it has not been closed by us.
    socket.once('close', () => this.#abandon());
  }

  get closeFrame(): CloseFrame | undefined {
    return this.#closeFrame;
  }

  get over(): boolean {
    return this.#over;
  }

  get congested(): boolean {
    return this.#connection._socket.writableNeedDrain;
  }

  /**
   * Merges what is written until the end of this turn: one system call and packet for many frames. A long turn
   * is not held back as a whole: the broker works on the first of it while the rest is written.
   */
  hold(): void {
    const { _socket: socket } = this.#connection;
    if (this.#held) {
      if (socket.writableLength < MERGED) return;
      socket.uncork();
      socket.cork();
      return;
    }
    this.#held = true;
    socket.cork();
    systemClock.endOfTurn(() => {
      this.#held = false;
      socket.uncork();
    });
  }

  violated(text: string): LeveretError {
    const violation = new ProtocolViolation(text);
    this.#connection._socket.destroy(violation);
    return lost(violation);
  }

  channelGone(channel: RabbitmqClientChannel): void {
    if (this.#channels.get(channel.id) === channel) this.#channels.delete(channel.id);
  }

  async openChannel(events: DriverChannelEvents): Promise<DriverChannel> {
    try {
      const channel = await this.#connection.acquire({ emitErrorsFromChannel: true });
      const internals = channelInternals(channel, this.#driverName);
      const adapter = new RabbitmqClientChannel(internals, this.frameMax, events, this);
      this.#channels.set(adapter.id, adapter);
      return adapter;
    } catch (error) {
      if (error instanceof LeveretError) throw error;
      if (this.#over) throw lost(error);
      throw new LeveretError('REFUSED', describe(error), { cause: error }); // no channel is left
    }
  }

  async close(): Promise<void> {
    this.#over = true;
    // It waits for channels to be closed, and for ever where the link is lost meanwhile.
    await Promise.race([this.#connection.close(), this.#gone.promise]);
  }

  destroy(): void {
    this.#over = true;
    this.#connection.unsafeDestroy();
    this.#abandon();
  }

  /** What is of an open channel goes straight to it; the driver gets what is of the connection, or opens one. */
  #frame(frame: AnyFrame): void {
    if (this.#closeFrame) return; // the broker has said goodbye
    if (frame.type === FRAME.heartbeat) return this.#driver(frame);
    const channel = this.#channels.get(frame.channelId);
    if (channel) {
      this.#driver(ALIVE);
      if (frame.type === FRAME.header) frame.fields.headers = this.#lastHeaders();
      return channel.frame(frame);
    }
    const methodId = frame.type === FRAME.method ? frame.methodId : undefined;
    const params = frame.type === FRAME.method ? frame.params : undefined;
    if (frame.channelId !== 0) {
      // Where both sides close a channel at once, the second answer comes when it is gone.
      if (methodId === METHOD.channelCloseOk) return this.#driver(ALIVE);
      if (methodId === METHOD.channelOpenOk) return this.#driver(frame);
      throw new ProtocolViolation(
        `the server sent a frame for the channel ${frame.channelId}, which is not open`,
      );
    }
    switch (methodId) {
      case METHOD.connectionClose:
        this.#driver(frame);
        this.#closeFrame = closeFrame(params);
        return this.#linger();
      // The driver would cork the socket, as often as it is told, and hold back acknowledgements and goodbyes.
      case METHOD.connectionBlocked:
        this.#driver(ALIVE);
        if (!this.#over) this.#events.blocked(String(params?.['reason']));
        return;
      case METHOD.connectionUnblocked:
        this.#driver(ALIVE);
        if (!this.#over) this.#events.unblocked();
        return;
      default:
        return this.#driver(frame);
    }
  }

  /** Nothing more will come: the socket goes as soon as what is on its way out has left, or soon in any case. */
  #linger(): void {
    const { _socket: socket } = this.#connection;
    const timer = systemClock.after(LINGER, () => socket.destroy());
    socket.once('close', () => timer.cancel());
  }

  #lost(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    for (const channel of [...this.#channels.values()]) channel.connectionGone(error);
    this.#events.lost(error);
  }

  /** Nothing will come of it any more: whatever still waits is let go of. */
  #abandon(): void {
    const cause = new LeveretError('CONNECTION_LOST', 'the connection is closed');
    for (const channel of this.#channels.values()) channel.abandon(cause);
    this.#channels.clear();
    this.#gone.resolve();
  }
}

import type { Connection } from 'rabbitmq-client';
import { describe, LeveretError } from '../../errors/leveret-error.ts';
import { systemClock } from '../../internal/clock.ts';
import type {
  DriverChannel,
  DriverChannelEvents,
  DriverConnection,
  DriverConnectionEvents,
} from '../driver.ts';
import { type ChannelOwner, RabbitmqClientChannel } from './channel.ts';
import { type CloseFrame, closeFrame, lost } from './failures.ts';
import { type ConnectionInternals, channelInternals } from './internals.ts';
import { METHOD } from './protocol.ts';

/** Bytes that are merged at most: above it a system call is cheap beside the bytes. */
const MERGED = 8192;

/** An open connection of `rabbitmq-client` behind the port. */
export class RabbitmqClientConnection implements DriverConnection, ChannelOwner {
  readonly frameMax: number;
  readonly #connection: Connection & ConnectionInternals;
  readonly #driverName: string;
  readonly #channels = new Set<RabbitmqClientChannel>();
  #closeFrame: CloseFrame | undefined;
  #over = false;
  #held = false;

  constructor(
    connection: Connection & ConnectionInternals,
    events: DriverConnectionEvents,
    driverName: string,
  ) {
    this.#connection = connection;
    this.#driverName = driverName;
    this.frameMax = connection._state.frameMax;
    const handle = connection._handleChunk.bind(connection);
    connection._handleChunk = (frame) => {
      if (frame.methodId === METHOD.connectionClose) this.#closeFrame = closeFrame(frame.params);
      handle(frame);
    };
    // The driver's own listeners come later, and write what waits there: it goes before anything new.
    connection._socket.on('drain', () => {
      queueMicrotask(() => {
        for (const channel of [...this.#channels]) channel.writable();
      });
    });
    connection.on('connection.blocked', (reason) => events.blocked(reason));
    connection.on('connection.unblocked', () => events.unblocked());
    connection.on('error', (error: Error) => {
      connection.unsafeDestroy(); // it would reconnect
      if (this.#over) return;
      this.#over = true;
      for (const channel of [...this.#channels]) channel.connectionGone(error);
      events.lost(error);
    });
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

  channelGone(channel: RabbitmqClientChannel): void {
    this.#channels.delete(channel);
  }

  async openChannel(events: DriverChannelEvents): Promise<DriverChannel> {
    try {
      const channel = await this.#connection.acquire({ emitErrorsFromChannel: true });
      const internals = channelInternals(channel, this.#driverName);
      const adapter = new RabbitmqClientChannel(internals, this.frameMax, events, this);
      this.#channels.add(adapter);
      return adapter;
    } catch (error) {
      if (error instanceof LeveretError) throw error;
      if (this.#over) throw lost(error);
      throw new LeveretError('REFUSED', describe(error), { cause: error }); // no channel is left
    }
  }

  async close(): Promise<void> {
    this.#over = true;
    await this.#connection.close();
  }

  destroy(): void {
    this.#over = true;
    this.#connection.unsafeDestroy();
  }
}

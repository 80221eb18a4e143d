import type { Connection } from 'rabbitmq-client';
import type { Handover } from '../amqp/connection.ts';
import { ProtocolViolation } from '../amqp/failures.ts';
import type { ConnectionInternals, Heartbeat } from './internals.ts';

/** What the driver is given in place of frames, since it counts what comes. */
const ALIVE: Heartbeat = { type: 8, channelId: 0 };

/** What is read from: a socket. */
export interface ReadSource {
  read(size?: number): Buffer | null;
  destroy(error: Error): unknown;
}

/**
 * Stands between the driver and its socket. During the handshake it lets go of a peer that announces a frame larger than
 * agreed: it does not speak AMQP, and where its bytes read as a size above 1 GiB, Node would throw where nobody can catch it.
 * Gives what ends the reading of the driver, which asks for so many bytes at a time, as Node itself never does.
 */
export function guardReads(socket: ReadSource, largest: number): () => void {
  const read = socket.read.bind(socket);
  let isOver = false;
  socket.read = (size?: number): Buffer | null => {
    if (!size) return read(size);
    if (isOver) return null;
    if (size <= largest) return read(size);
    const sizes = `${size} bytes, where ${largest} are allowed`;
    socket.destroy(new ProtocolViolation(`the server sent a frame of ${sizes}`));
    return null;
  };
  return () => {
    isOver = true;
  };
}

/** An open connection of the driver, as it is handed over. */
export function handoverOf(connection: Connection & ConnectionInternals): Handover {
  const { _socket: socket, _state: state } = connection;
  connection.on('error', () => connection.unsafeDestroy()); // it would reconnect
  return {
    socket,
    frameMax: state.frameMax,
    channelMax: state.channelMax,
    serverProperties: undefined, // it does not keep them
    rest: Buffer.alloc(0), // it leaves in the socket what it has not asked for
    alive: () => connection._handleChunk(ALIVE),
    destroy: () => connection.unsafeDestroy(),
  };
}

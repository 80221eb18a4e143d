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
 * Stands between the driver and its socket during the handshake: lets go of a peer that announces a frame larger than
 * agreed. It does not speak AMQP, and where its bytes read as a size above 1 GiB, Node would throw where nobody can catch it.
 * Gives what reads from the socket itself.
 */
export function guardReads(socket: ReadSource, largest: number): () => Buffer | null {
  const read = socket.read.bind(socket);
  socket.read = (size?: number): Buffer | null => {
    if (size === undefined || size <= largest) return read(size);
    const sizes = `${size} bytes, where ${largest} are allowed`;
    socket.destroy(new ProtocolViolation(`the server sent a frame of ${sizes}`));
    return null;
  };
  return () => read();
}

/** An open connection of the driver, as it is handed over. */
export function handoverOf(
  connection: Connection & ConnectionInternals,
  nextPiece: () => Buffer | null,
): Handover {
  const { _socket: socket, _state: state } = connection;
  connection.on('error', () => connection.unsafeDestroy()); // it would reconnect
  return {
    socket,
    frameMax: state.frameMax,
    channelMax: state.channelMax,
    serverProperties: undefined, // it does not keep them
    read: (take) => {
      // The driver asks its socket for a frame whenever there is something to read, and is told to wait.
      socket.read = (): null => {
        for (let piece = nextPiece(); piece !== null; piece = nextPiece()) take(piece);
        return null;
      };
    },
    alive: () => connection._handleChunk(ALIVE),
    destroy: () => connection.unsafeDestroy(),
  };
}

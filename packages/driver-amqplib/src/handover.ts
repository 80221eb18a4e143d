import type { Socket } from 'node:net';
import type { Handover } from '@leveret/core';
import type { AmqplibConnection } from './internals.ts';
import { readTable } from './table.ts';

/** An open connection of the library, as it is handed over. */
export function handoverOf(connection: AmqplibConnection, socket: Socket): Handover {
  const { frameMax, channelMax, serverProperties } = connection;
  // Else the library would destroy the socket as soon as the server ends its side, with all that is on its way out.
  connection.expectSocketClose = true;
  const beat = connection.sendHeartbeat.bind(connection);
  connection.sendHeartbeat = () => {
    if (socket.writable) beat();
  };
  return {
    socket,
    frameMax,
    channelMax,
    serverProperties: serverProperties && readTable(serverProperties),
    read: (take) => {
      // The library asks itself for a frame whenever there is something to read, and is told that there is none.
      connection.recvFrame = () => {
        for (let piece = nextPiece(socket); piece; piece = nextPiece(socket)) take(piece);
        return false;
      };
      // What came with the end of the handshake; the library has left it where it is.
      if (connection.rest.length > 0) take(connection.rest);
      connection.recvFrame();
    },
    alive: () => {
      connection.recvSinceLastCheck = true;
    },
    destroy: () => {
      connection.heartbeater?.clear();
      socket.destroy();
    },
  };
}

function nextPiece(socket: Socket): Buffer | undefined {
  const piece: unknown = socket.read();
  return Buffer.isBuffer(piece) ? piece : undefined;
}

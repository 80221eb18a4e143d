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
    rest: connection.rest, // it reads no further: see the handshake
    alive: () => {
      connection.recvSinceLastCheck = true;
    },
    destroy: () => {
      connection.heartbeater?.clear();
      socket.destroy();
    },
  };
}

import type { Socket } from 'node:net';
import type { Handover, HeaderTable, HeaderValue } from '@leveret/core';
import type { AmqplibConnection } from './internals.ts';

/** An open connection of the library, as it is handed over. */
export function handoverOf(connection: AmqplibConnection, socket: Socket): Handover {
  const { frameMax, channelMax, serverProperties } = connection;
  return {
    socket,
    frameMax,
    channelMax,
    serverProperties: serverProperties && tableOf(serverProperties),
    read: (take) => {
      // The library asks itself for a frame whenever there is something to read, and is told that there is none.
      connection.recvFrame = () => {
        for (let piece = nextPiece(socket); piece; piece = nextPiece(socket)) take(piece);
        return false;
      };
      if (connection.rest.length > 0) take(connection.rest);
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

/** What the library has read of a table. */
function tableOf(fields: object): HeaderTable {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fieldOf(value)]));
}

function fieldOf(value: unknown): HeaderValue {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    case 'object':
      if (value === null || value instanceof Uint8Array) return value;
      return Array.isArray(value) ? value.map(fieldOf) : tableOf(value);
    default:
      return null;
  }
}

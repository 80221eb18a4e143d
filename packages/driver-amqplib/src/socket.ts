import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { DriverTarget } from '@leveret/core';

/** Bytes that the socket takes before it is congested; Node's default of 16 KiB is a hundred messages. */
const HIGH_WATER_MARK = 131_072;

/** A socket on its way to the broker; see {@link connected}. */
export function socketTo({ host, port, tls }: DriverTarget): Socket {
  const address = { host, port, writableHighWaterMark: HIGH_WATER_MARK };
  const socket = tls
    ? connectTls({ ...(isIP(host) === 0 ? { servername: host } : {}), ...address, ...tls })
    : connectTcp(address);
  // Frames are merged before they are written: held back on top of that, one call would wait for the answer to another.
  socket.setNoDelay(true);
  return socket;
}

/** Resolves once the socket is connected, and its TLS is agreed on. */
export async function connected(socket: Socket, { tls }: DriverTarget): Promise<void> {
  await once(socket, tls ? 'secureConnect' : 'connect');
}

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect } from 'vitest';
import { createInbox, type Inbox } from '../inbox.ts';
import { listenAnywhere } from '../ports.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** A socket and all that happens to it: text, 'end', an error code, 'close'. */
export interface Peer {
  readonly socket: Socket;
  readonly events: Inbox<string>;
  /** Reads until `text` is complete; returns the pieces. */
  readonly until: (text: string) => Promise<readonly string[]>;
}

/** Starts to note what happens to a socket. */
export function watch(socket: Socket): Peer {
  const events = createInbox<string>('an event of the socket');
  socket.setEncoding('latin1');
  socket.on('data', events.push);
  socket.on('end', () => events.push('end'));
  socket.on('error', (error) => events.push('code' in error ? String(error.code) : 'error'));
  socket.on('close', () => events.push('close'));
  const until = async (text: string): Promise<readonly string[]> => {
    const pieces: string[] = [];
    while (pieces.join('').length < text.length) pieces.push(await events.next());
    expect(pieces.join('')).toBe(text);
    return pieces;
  };
  return { socket, events, until };
}

const accepted = createInbox<Peer>('a connection at the server');
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  accepted.push(watch(socket));
});
/** The proxy of the running test. */
export let proxy: TcpProxy;
const sockets: Socket[] = [];

/** Has a socket destroyed when the test is over. */
export function keep(socket: Socket): Socket {
  sockets.push(socket);
  return socket;
}

/** A client through the proxy and its peer at the server. */
export async function pair(): Promise<{ client: Peer; remote: Peer }> {
  const client = open();
  await once(client.socket, 'connect');
  const remote = await accepted.next();
  sockets.push(remote.socket);
  return { client, remote };
}

/** A client that connects through the proxy. */
export function open(): Peer {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.setNoDelay(true);
  sockets.push(socket);
  return watch(socket);
}

/** Bytes go both ways, which takes a few turns of the event loop: time enough for bytes that should not come. */
export async function roundTrip(): Promise<void> {
  const { client, remote } = await pair();
  client.socket.write('ping');
  await remote.until('ping');
  remote.socket.write('pong');
  await client.until('pong');
}

beforeEach(async () => {
  if (!server.listening) await listenAnywhere(server);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  proxy = await startTcpProxy({ host: '127.0.0.1', port: address.port });
});

afterEach(async () => {
  await proxy.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  accepted.drain();
});

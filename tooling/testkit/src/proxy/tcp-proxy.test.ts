import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInbox, type Inbox } from '../inbox.ts';
import { listenAnywhere } from '../ports.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** A socket and all that happens to it: text, 'end', an error code, 'close'. */
interface Peer {
  readonly socket: Socket;
  readonly events: Inbox<string>;
  /** Reads until `text` is complete; returns the pieces. */
  readonly until: (text: string) => Promise<readonly string[]>;
}

function watch(socket: Socket): Peer {
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
let proxy: TcpProxy;
const sockets: Socket[] = [];

/** A client through the proxy and its peer at the server. */
async function pair(): Promise<{ client: Peer; remote: Peer }> {
  const client = open();
  await once(client.socket, 'connect');
  const remote = await accepted.next();
  sockets.push(remote.socket);
  return { client, remote };
}

function open(): Peer {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.setNoDelay(true);
  sockets.push(socket);
  return watch(socket);
}

/** Bytes go both ways, which takes a few turns of the event loop: time enough for bytes that should not come. */
async function roundTrip(): Promise<void> {
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

describe('an undisturbed proxy', () => {
  test('passes bytes in both directions', async () => {
    await roundTrip();
    expect(proxy.connections).toBe(1);
  });

  test('passes on the end of one direction and leaves the other open', async () => {
    const { client, remote } = await pair();
    client.socket.end('last words');
    await remote.until('last words');
    expect(await remote.events.next()).toBe('end');
    remote.socket.end('reply');
    await client.until('reply');
    expect(await client.events.next()).toBe('end');
  });

  test('passes on a reset', async () => {
    const { client, remote } = await pair();
    remote.socket.resetAndDestroy();
    expect(await client.events.next()).toBe('ECONNRESET');
  });

  test('slows a sender down whose receiver does not read', async () => {
    const { client, remote } = await pair();
    remote.socket.pause();
    const total = 64;
    let taken = 0;
    const block = Buffer.alloc(1_024 * 1_024);
    for (let count = 0; count < total; count += 1) {
      client.socket.write(block, () => {
        taken += 1;
      });
    }
    // Buffers of the system and of the proxy fill up; then nothing moves, however much else does.
    for (let before = -1, quiet = 0; quiet < 5; quiet = taken === before ? quiet + 1 : 0) {
      before = taken;
      await roundTrip();
    }
    expect(taken).toBeLessThan(total / 2);
  });

  test('rewrites host and port of a URL and nothing else', () => {
    expect(proxy.url('amqp://me:p%40ss@broker:5672/a%2Fb?heartbeat=5')).toBe(
      `amqp://me:p%40ss@127.0.0.1:${proxy.port}/a%2Fb?heartbeat=5`,
    );
  });

  test('tells of the next connection and counts it until both sides are gone', async () => {
    const next = proxy.nextConnection();
    const { client, remote } = await pair();
    const connection = await next;
    client.socket.end();
    remote.socket.end();
    await connection.closed;
    expect(proxy.connections).toBe(0);
  });

  test('resets the client when the server is not there', async () => {
    await using dead = await startTcpProxy({ host: '127.0.0.1', port: 1 });
    const socket = connect({ port: dead.port, host: '127.0.0.1' });
    sockets.push(socket);
    expect(await watch(socket).events.next()).toBe('ECONNRESET');
  });
});

describe('cutting', () => {
  test('cut ends both sides with a FIN', async () => {
    const { client, remote } = await pair();
    proxy.cut();
    expect(await client.events.next()).toBe('end');
    expect(await remote.events.next()).toBe('end');
  });

  test('cut with reset ends both sides with an RST', async () => {
    const { client, remote } = await pair();
    proxy.cut({ reset: true });
    expect(await client.events.next()).toBe('ECONNRESET');
    expect(await remote.events.next()).toBe('ECONNRESET');
  });

  test('new connections work after a cut', async () => {
    await pair();
    proxy.cut({ reset: true });
    await roundTrip();
  });

  test('one connection can be cut alone', async () => {
    const next = proxy.nextConnection();
    const { client } = await pair();
    const other = await pair();
    (await next).cut({ reset: true });
    expect(await client.events.next()).toBe('ECONNRESET');
    other.client.socket.write('still here');
    await other.remote.until('still here');
  });

  test.for([
    { reset: false, last: 'end' },
    { reset: true, last: 'ECONNRESET' },
  ])('cutAfter lets exactly so many bytes pass, reset: $reset', async ({ reset, last }) => {
    const { client, remote } = await pair();
    const happened = proxy.cutAfter('toServer', 3, { reset });
    client.socket.write('abcdef');
    await happened;
    await remote.until('abc');
    expect(await remote.events.next()).toBe(last);
    expect(await client.events.next()).toBe(last);
  });

  test('cutAfter counts its own direction only, over several writes, and strikes once', async () => {
    const { client, remote } = await pair();
    const happened = proxy.cutAfter('toClient', 4);
    client.socket.write('not counted');
    await remote.until('not counted');
    remote.socket.write('ab');
    await client.until('ab');
    remote.socket.write('cde');
    await happened;
    await client.until('cd');
    expect(await client.events.next()).toBe('end');
    await roundTrip();
  });

  test('refuse resets new connections and leaves open ones; accept takes new ones again', async () => {
    const { client, remote } = await pair();
    proxy.refuse();
    const refused = open();
    expect(await refused.events.next()).toBe('ECONNRESET');
    client.socket.write('open');
    await remote.until('open');
    proxy.accept();
    await roundTrip();
  });
});

describe('disturbing', () => {
  test('freeze holds back bytes and ends in both directions, thaw lets them pass', async () => {
    const { client, remote } = await pair();
    proxy.freeze();
    client.socket.end('to the server');
    remote.socket.write('to the client');
    // Other connections open meanwhile: these bytes had the time to pass.
    await pair();
    await pair();
    expect([client.events.size, remote.events.size]).toEqual([0, 0]);
    proxy.thaw();
    await client.until('to the client');
    await remote.until('to the server');
    expect(await remote.events.next()).toBe('end');
  });

  test('a frozen connection can be cut', async () => {
    const { client } = await pair();
    proxy.freeze();
    client.socket.write('never arrives');
    proxy.cut({ reset: true });
    expect(await client.events.next()).toBe('ECONNRESET');
  });

  test('delay makes bytes late but not slow', async () => {
    const { client, remote } = await pair();
    proxy.delay(100);
    const start = performance.now();
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) client.socket.write(text);
    await remote.until('abcdefgh');
    const took = performance.now() - start;
    expect(took).toBeGreaterThanOrEqual(99);
    expect(took).toBeLessThan(8 * 100);
  });

  test('trickle passes single bytes', async () => {
    const { client, remote } = await pair();
    proxy.trickle();
    client.socket.write('one by one');
    expect(await remote.until('one by one')).toEqual([...'one by one']);
  });

  test('trickle passes pieces of a given size', async () => {
    const { client, remote } = await pair();
    proxy.trickle(4);
    client.socket.write('abcdefghij');
    expect(await remote.until('abcdefghij')).toEqual(['abcd', 'efgh', 'ij']);
  });

  test('limitRate spreads bytes over time', async () => {
    const { client, remote } = await pair();
    proxy.limitRate(10_000);
    const text = 'x'.repeat(2_000);
    const start = performance.now();
    client.socket.write(text);
    await remote.until(text);
    // The last slice of 50 ms is waited for after it has arrived.
    expect(performance.now() - start).toBeGreaterThanOrEqual(140);
  });

  test('halfOpen ends the side of the server and tells the client nothing', async () => {
    const { client, remote } = await pair();
    proxy.halfOpen();
    expect(await remote.events.next()).toMatch(/end|ECONNRESET/);
    client.socket.write('into the void');
    await roundTrip();
    expect(client.events.size).toBe(0);
    expect(client.socket.readyState).toBe('open');
    client.socket.end();
    expect(await client.events.next()).toBe('end');
  });

  test('heal ends every disturbance', async () => {
    proxy.freeze();
    proxy.refuse();
    proxy.delay(60_000);
    proxy.limitRate(1);
    proxy.trickle();
    void proxy.cutAfter('toServer', 0);
    proxy.heal();
    await roundTrip();
  });
});

test('close ends all connections, disturbed ones too, and can be repeated', async () => {
  const { client, remote } = await pair();
  proxy.freeze();
  proxy.delay(60_000);
  client.socket.write('stuck');
  await proxy.close();
  await proxy.close();
  expect(await client.events.next()).toMatch(/end|ECONNRESET/);
  expect(await remote.events.next()).toMatch(/end|ECONNRESET/);
  expect(proxy.connections).toBe(0);
});

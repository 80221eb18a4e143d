import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { keep, pair, proxy, roundTrip, watch } from './proxy-bench.fixture.ts';
import { startTcpProxy } from './tcp-proxy.ts';

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
    const socket = keep(connect({ port: dead.port, host: '127.0.0.1' }));
    expect(await watch(socket).events.next()).toBe('ECONNRESET');
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

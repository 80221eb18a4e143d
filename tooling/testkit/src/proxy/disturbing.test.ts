import { describe, expect, test } from 'vitest';
import { pair, proxy, roundTrip } from './proxy-bench.fixture.ts';

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

import { describe, expect, test } from 'vitest';
import { open, pair, proxy, roundTrip } from './proxy-bench.fixture.ts';

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

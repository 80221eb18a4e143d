import { createServer } from 'node:net';
import { deadline, startTcpProxy } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test, vi } from 'vitest';
import { connect } from './connection.ts';
import { codeOf, errorOf, fill, isOver, openPair, privateQueue, ready } from './live.fixture.ts';

/** A port of 127.0.0.1 that nobody listens on. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function changed(url: string, change: (url: URL) => void): string {
  const result = new URL(url);
  change(result);
  return result.href;
}

describeWithBroker('connecting', (getUrl) => {
  test('with a wrong password fails at once with ACCESS_REFUSED', async () => {
    const url = changed(getUrl(), (each) => {
      each.password = 'wrong';
    });
    const error = await deadline(errorOf(connect(url)), 4000, 'the refusal');
    expect(error.message).toMatch(/^ACCESS_REFUSED: ACCESS_REFUSED - /);
    expect(error.message).not.toContain('wrong');
  });

  test('to an unknown vhost fails at once with NOT_ALLOWED', async () => {
    const url = changed(getUrl(), (each) => {
      each.pathname = `/${uniqueName('vhost')}`;
    });
    expect(await deadline(codeOf(connect(url)), 4000, 'the refusal')).toBe('NOT_ALLOWED');
  });

  test.for(['http://localhost/', 'localhost:5672', 'amqp://h/a/b', 'amqp://h:99999/', ''])(
    'to a bad URL fails at once with INVALID_ARGUMENT: %s',
    async (url) => {
      expect(await codeOf(connect(url))).toBe('INVALID_ARGUMENT');
    },
  );

  test.for([{ heartbeat: 1 }, { connectTimeout: -1 }, { hosts: [] }, { frameMax: 1 }])(
    'with a bad option fails at once with INVALID_ARGUMENT: %o',
    async (options) => {
      expect(await codeOf(connect(options))).toBe('INVALID_ARGUMENT');
    },
  );

  test('to a refused port is tried again until the connect timeout, and says the last cause', async () => {
    const port = await deadPort();
    const backoff = { initial: 10, max: 20 };
    const start = performance.now();
    const connecting = connect(`amqp://127.0.0.1:${port}/`, { connectTimeout: 400, backoff });
    const error = await deadline(errorOf(connecting), 4000, 'the timeout');
    expect(performance.now() - start).toBeGreaterThan(350);
    expect(error).toMatchObject({ code: 'TIMEOUT', cause: { code: 'CONNECTION_FAILED' } });
  });

  test('without recovery takes the first failure for final', async () => {
    const port = await deadPort();
    const connecting = connect(`amqp://127.0.0.1:${port}/`, { recover: false });
    expect(await deadline(codeOf(connecting), 4000, 'the failure')).toBe('CONNECTION_FAILED');
  });

  test('succeeds once the port takes connections', async () => {
    const { hostname: host, port } = new URL(getUrl());
    await using proxy = await startTcpProxy({ host, port: Number(port) });
    proxy.refuse();
    const credentials = vi.fn(() => {
      if (credentials.mock.calls.length === 3) proxy.accept();
      return { username: 'guest', password: 'guest' };
    });
    await using connection = await connect(proxy.url(getUrl()), {
      credentials,
      backoff: { initial: 5, max: 5 },
    });
    expect(connection.status.state).toBe('connected');
    expect(credentials.mock.calls.length).toBeGreaterThanOrEqual(3);
  });

  test('goes on to the next host where the first is dead', async () => {
    const dead = `127.0.0.1:${await deadPort()}`;
    const { host, port } = new URL(getUrl());
    const options = { hosts: [dead, dead, dead, host], backoff: { initial: 1, max: 1 } };
    await using pair = await openPair(options);
    expect(pair.connection.status).toMatchObject({ state: 'connected', port: Number(port) });
    const urls = [changed(getUrl(), (each) => (each.host = dead)), getUrl()];
    await using other = await openPair(urls, { backoff: { initial: 1, max: 1 } });
    expect(other.connection.status).toMatchObject({ state: 'connected', port: Number(port) });
  });

  test('shows the status while it connects, and where it is connected', async () => {
    await using pair = await openPair(getUrl());
    const { hostname: host, port } = new URL(getUrl());
    expect(pair.connection.status).toEqual({ state: 'connected', host, port: Number(port) });
    const states: string[] = [];
    const off = pair.connection.on('status', ({ state }) => states.push(state));
    await pair.connection.close();
    off();
    expect(states).toEqual(['closed']);
    expect(pair.connection.status).toEqual({ state: 'closed', cause: undefined });
  });

  test('asks a credentials function, and tells a failing one', async () => {
    const credentials = () => Promise.reject(new RangeError('no vault'));
    const connecting = connect(getUrl(), { credentials, recover: false });
    const error = await errorOf(connecting);
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', cause: expect.any(RangeError) });
    const throwing = (): never => {
      throw new RangeError('no vault');
    };
    expect(await codeOf(connect(getUrl(), { credentials: throwing, recover: false }))).toBe(
      'CONNECTION_FAILED',
    );
  });

  test('a channel survives another channel of its connection being closed', async () => {
    await using pair = await openPair(getUrl());
    const other = await pair.connection.channel();
    const queue = await privateQueue(pair.channel);
    await other.close();
    await fill(pair.channel, queue, 'x');
    expect(await ready(pair.channel, queue)).toBe(1);
  });

  test('close leaves no timer behind', async () => {
    vi.spyOn(globalThis, 'setTimeout');
    vi.spyOn(globalThis, 'setInterval');
    const pair = await openPair(getUrl(), { closeTimeout: 777_777 });
    const queue = await privateQueue(pair.channel);
    await queue.consume((message) => message.ack());
    await fill(pair.channel, queue, ...'abc');
    await pair.connection.close();
    const made = [vi.mocked(setTimeout), vi.mocked(setInterval)].flatMap((spy) =>
      spy.mock.results.map(({ value }) => value),
    );
    vi.restoreAllMocks();
    expect(made.length).toBeGreaterThan(5);
    expect(made.filter((timer: NodeJS.Timeout) => !isOver(timer))).toEqual([]);
  });
});

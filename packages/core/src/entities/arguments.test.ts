import { deadline, startTcpProxy } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import type { HeaderValue } from '../message/message.ts';
import { connect } from './connection.ts';
import { codeOf, errorOf, openPair, type Pair, privateQueue, text } from './live.fixture.ts';

/** Calls as a caller without types does; the call must not throw but reject. */
function call(
  method: (...args: never[]) => Promise<unknown>,
  self: unknown,
  ...args: unknown[]
): Promise<unknown> {
  return Reflect.apply(method, self, args);
}

describe('connect', () => {
  test.for([null, 123, true, () => undefined])(
    'refuses %s instead of taking it for options',
    async (target) => {
      const error = await errorOf(call(connect, undefined, target));
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain('target must be');
    },
  );

  test.for([null, 123, 'recover', []])('refuses %o as options', async (options) => {
    const error = await errorOf(call(connect, undefined, 'amqp://localhost', options));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain('options must be');
  });
});

/** What each call is refused with: the field, then the call. */
type Refused = [field: string, what: string, act: (pair: Pair) => Promise<unknown>];

const refusedOfChannels: Refused[] = [
  ['options', 'channel(null)', ({ connection }) => call(connection.channel, connection, null)],
  ['options', 'channel(5)', ({ connection }) => call(connection.channel, connection, 5)],
  ['options', 'declareQueue', ({ channel: c }) => call(c.declareQueue, c, 'q', null)],
  ['options', 'declareQueue, text', ({ channel: c }) => call(c.declareQueue, c, 'q', 'durable')],
  ['name', 'declareQueue', ({ channel: c }) => call(c.declareQueue, c, null)],
  ['options', 'declareExchange', ({ channel: c }) => call(c.declareExchange, c, 'e', null)],
  ['options', 'getQueue', ({ channel: c }) => call(c.getQueue, c, 'q', null)],
  ['ensure', 'getQueue', ({ channel: c }) => call(c.getQueue, c, 'q', { ensure: 'no' })],
  ['options', 'getExchange', ({ channel: c }) => call(c.getExchange, c, 'e', null)],
  ['ensure', 'getExchange', ({ channel: c }) => call(c.getExchange, c, 'e', { ensure: 0 })],
  ['options', 'setQos()', ({ channel: c }) => call(c.setQos, c)],
  ['options', 'setQos(5)', ({ channel: c }) => call(c.setQos, c, 5)],
  ['prefetch', 'setQos({})', ({ channel: c }) => call(c.setQos, c, {})],
  ['prefetch', 'setQos, misspelled', ({ channel: c }) => call(c.setQos, c, { prefech: 5 })],
  ['global', 'setQos', ({ channel: c }) => call(c.setQos, c, { prefetch: 5, global: 1 })],
  ['fn', 'transaction()', ({ channel: c }) => call(c.transaction, c)],
  ['options', 'transaction', ({ channel: c }) => call(c.transaction, c, () => 1, null)],
  ['timeout', 'transaction', ({ channel: c }) => c.transaction(() => 1, { timeout: -1 })],
  ['durable', 'declareQueue', ({ channel: c }) => call(c.declareQueue, c, 'q', { durable: 'no' })],
  ['internal', 'exchange', ({ channel: c }) => call(c.declareExchange, c, 'e', { internal: 1 })],
  ['passive', 'declareQueue', ({ channel: c }) => call(c.declareQueue, c, 'q', { passive: 1 })],
];

const refusedOfQueues: Refused[] = (
  [
    ['handler', 'consume', []],
    ['options', 'consume', [() => undefined, null]],
    ['noAck', 'consume', [() => undefined, { noAck: 'no' }]],
    ['exclusive', 'consume', [() => undefined, { exclusive: 1 }]],
    ['exchange', 'bind', []],
    ['exchange', 'bind', [null]],
    ['exchange', 'bind', [{}]],
    ['options', 'bind', ['amq.topic', 'key', null]],
    ['options', 'unbind', ['amq.topic', 'key', 5]],
    ['options', 'get', [null]],
    ['noAck', 'get', [{ noAck: 'no' }]],
    ['options', 'delete', [null]],
    ['ifEmpty', 'delete', [{ ifEmpty: 'yes' }]],
    ['ifUnused', 'delete', [{ ifUnused: 'yes' }]],
  ] as const
).map(([field, method, args]) => [
  field,
  `queue.${method}`,
  async ({ channel }) => {
    const queue = await privateQueue(channel);
    return call(queue[method], queue, ...args);
  },
]);

const refusedOfExchanges: Refused[] = (
  [
    ['source', 'bind', [undefined]],
    ['source', 'unbind', [null]],
    ['options', 'bind', ['amq.topic', 'key', null]],
    ['options', 'delete', [null]],
    ['ifUnused', 'delete', [{ ifUnused: 0 }]],
    ['options', 'publish', [text('x'), 'key', null]],
    ['mandatory', 'publish', [text('x'), 'key', { mandatory: 'no' }]],
    ['resend', 'publish', [text('x'), 'key', { resend: 'no' }]],
    ['confirm', 'publish', [text('x'), 'key', { confirm: 0 }]],
  ] as const
).map(([field, method, args]) => [
  field,
  `exchange.${method}`,
  ({ channel: { defaultExchange: exchange } }) => call(exchange[method], exchange, ...args),
]);

describeWithBroker('a call with what no type would allow', (getUrl) => {
  test.for([...refusedOfChannels, ...refusedOfQueues, ...refusedOfExchanges])(
    'is INVALID_ARGUMENT, naming %s: %s',
    async ([field, , act]) => {
      await using pair = await openPair(getUrl());
      const error = await deadline(errorOf(act(pair)), 4000, 'the refusal');
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain(`${field} must be`);
    },
  );

  test('a message that is none is INVALID_MESSAGE', async () => {
    await using pair = await openPair(getUrl());
    const { defaultExchange: exchange } = pair.channel;
    for (const message of [undefined, null, 'text', 5]) {
      const error = await errorOf(call(exchange.publish, exchange, message, 'key'));
      expect(error).toMatchObject({ code: 'INVALID_MESSAGE', field: 'message' });
    }
  });

  test('listening to what does not exist says what does', async () => {
    await using pair = await openPair(getUrl());
    const { connection, channel } = pair;
    const listen = (to: { on(name: never, fn: never): unknown }, name: unknown) => () =>
      Reflect.apply(to.on, to, [name, () => undefined]);
    for (const name of ['error', 'return', undefined])
      expect(listen(connection, name)).toThrow(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining('name must be "status" or "event"'),
        }),
      );
    for (const name of ['error', 'event', undefined])
      expect(listen(channel, name)).toThrow(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining('name must be "status" or "return"'),
        }),
      );
  });
});

describeWithBroker('declaring', (getUrl) => {
  test('with `passive: false` declares', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const name = uniqueName('declared');
    const queue = await channel.declareQueue(name, { passive: false, exclusive: true });
    const exchange = await channel.declareExchange(name, { passive: false });
    await queue.bind(exchange);
    await exchange.delete();
  });

  test('with `passive: true` leaves nothing else to say', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const { name } = await privateQueue(channel);
    // @ts-expect-error the properties would not be looked at
    expect((await channel.declareQueue(name, { passive: true, durable: true })).name).toBe(name);
    // @ts-expect-error likewise
    await channel.declareExchange('amq.topic', { passive: true, type: 'topic' });
  });

  test('keeps what was said, whatever becomes of the object that said it', async () => {
    const { hostname: host, port } = new URL(getUrl());
    await using proxy = await startTcpProxy({ host, port: Number(port) });
    const backoff = { initial: 5, max: 50 };
    await using pair = await openPair(proxy.url(getUrl()), { backoff });
    const { connection, channel } = pair;
    const said: Record<string, HeaderValue> = { 'x-max-length': 10, 'x-expires': 60_000 };
    // One that outlives the connection: declared again otherwise, it is refused.
    const queue = await channel.declareQueue(uniqueName('own'), { arguments: said });
    const recovered = new Promise<string>((resolve) => {
      connection.on('event', ({ type }) => {
        if (type === 'recovered' || type === 'recovery-failed') resolve(type);
      });
    });
    said['x-max-length'] = 20;
    proxy.cut();
    expect(await deadline(recovered, 10_000, 'the recovery')).toBe('recovered');
    await queue.delete();
  });
});

describeWithBroker('a connection that closes', (getUrl) => {
  test('gives no channel any more, and is not held up by who asks', async () => {
    await using pair = await openPair(getUrl(), { closeTimeout: 4000 });
    const { connection } = pair;
    const closed = connection.close();
    const late = codeOf(connection.channel());
    expect(await deadline(late, 500, 'the refusal')).toBe('CLOSED');
    await deadline(closed, 2000, 'the end');
    expect(await codeOf(connection.channel())).toBe('CLOSED');
  });
});

// No public promise stays pending for ever: everything that core offers is asked of a broker that takes the connection
// and then says nothing.
import { createServer, type Server, type Socket } from 'node:net';
import { startBroker } from '@leveret/broker';
import { deadline, publicMethods } from '@leveret/testkit';
import { describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import { TimeoutError } from '../errors/leveret-error.ts';
import { IncomingMessage } from '../message/incoming.ts';
import { Channel } from './channel.ts';
import { Connection, connect } from './connection.ts';
import { Consumer } from './consumer.ts';
import { Exchange } from './exchange.ts';
import { errorOf, text } from './live.fixture.ts';
import { Queue } from './queue.ts';

const TIMEOUT = 120;
const AT_MOST = 3000;

/** One of everything, on a connection whose broker says nothing any more. */
interface Silence {
  readonly connection: Connection;
  readonly channel: Channel;
  readonly exchange: Exchange;
  readonly queue: Queue;
  readonly consumer: Consumer;
  readonly message: IncomingMessage;
}

/** Tests that run at once end what is theirs by their own context. */
type Finish = TestContext['onTestFinished'];

async function silence(finish: Finish): Promise<Silence> {
  const broker = await startBroker();
  finish(() => broker.close());
  const connection = await connect(broker.url, {
    operationTimeout: TIMEOUT,
    closeTimeout: TIMEOUT,
    backoff: { initial: 1, max: 1 },
  });
  finish(() => connection.close());
  const channel = await connection.channel({ publishTimeout: TIMEOUT, drainTimeout: TIMEOUT });
  const exchange = await channel.declareExchange('exchange');
  const queue = await channel.declareQueue('queue');
  const consumed = await channel.declareQueue('consumed');
  const consumer = await consumed.consume(() => {});
  await channel.defaultExchange.publish(text('x'), 'queue');
  const message = await queue.get();
  if (!message) throw new Error('there was a message');
  broker.faults.stallReading();
  return { connection, channel, exchange, queue, consumer, message };
}

/** What a public method does about it: which operation times out, or that it ends all the same. */
type Expectation = string | 'resolves' | 'at once';
type Row = readonly [Expectation, (silence: Silence) => unknown];

const rows: Record<string, Row> = {
  'Connection.channel': ['channel.open', ({ connection }) => connection.channel()],
  'Connection.close': ['resolves', ({ connection }) => connection.close()],
  'Connection.health': ['at once', ({ connection }) => connection.health()],
  'Connection.updateSecret': [
    'connection.update-secret',
    ({ connection }) => connection.updateSecret('secret'),
  ],
  'Connection.on': ['at once', ({ connection }) => connection.on('status', () => {})],
  'Channel.declareExchange': ['exchange.declare', ({ channel }) => channel.declareExchange('e')],
  'Channel.declareExchange, passive': [
    'exchange.declare',
    ({ channel }) => channel.declareExchange('exchange', { passive: true }),
  ],
  'Channel.declareQueue': ['queue.declare', ({ channel }) => channel.declareQueue('q')],
  'Channel.declareQueue, passive': [
    'queue.declare',
    ({ channel }) => channel.declareQueue('queue', { passive: true }),
  ],
  'Channel.getExchange': ['exchange.declare', ({ channel }) => channel.getExchange('exchange')],
  'Channel.getExchange, ensure: false': [
    'resolves',
    ({ channel }) => channel.getExchange('exchange', { ensure: false }),
  ],
  'Channel.getQueue': ['queue.declare', ({ channel }) => channel.getQueue('queue')],
  'Channel.setQos': ['resolves', ({ channel }) => channel.setQos({ prefetch: 1 })],
  'Channel.setQos, global': [
    'basic.qos',
    ({ channel }) => channel.setQos({ prefetch: 1, global: true }),
  ],
  'Channel.transaction': ['tx.select', ({ channel }) => channel.transaction(() => {})],
  'Channel.close': ['resolves', ({ channel }) => channel.close()],
  'Channel.on': ['at once', ({ channel }) => channel.on('status', () => {})],
  'Channel.report': ['at once', ({ channel }) => channel.report({ type: 'blocked', reason: '' })],
  'Exchange.publish': ['publish', ({ exchange }) => exchange.publish(text('x'), 'key')],
  'Exchange.bind': ['exchange.bind', ({ exchange }) => exchange.bind('amq.topic', 'key')],
  'Exchange.unbind': ['exchange.unbind', ({ exchange }) => exchange.unbind('amq.topic', 'key')],
  'Exchange.delete': ['exchange.delete', ({ exchange }) => exchange.delete()],
  'Queue.bind': ['queue.bind', ({ queue, exchange }) => queue.bind(exchange, 'key')],
  'Queue.unbind': ['queue.unbind', ({ queue, exchange }) => queue.unbind(exchange, 'key')],
  'Queue.consume': ['basic.consume', ({ queue }) => queue.consume(() => {})],
  'Queue.get': ['basic.get', ({ queue }) => queue.get()],
  'Queue.iterate': ['basic.consume', ({ queue }) => queue.iterate().next()],
  'Queue.purge': ['queue.purge', ({ queue }) => queue.purge()],
  'Queue.delete': ['queue.delete', ({ queue }) => queue.delete()],
  'Consumer.close': ['resolves', ({ consumer }) => consumer.close()],
  'Consumer.pause': ['resolves', ({ consumer }) => consumer.pause()],
  'Consumer.resume': [
    'basic.consume',
    async ({ consumer }) => {
      await consumer.pause();
      await consumer.resume();
    },
  ],
  'Consumer.cancel': ['resolves', ({ consumer }) => consumer.cancel()],
  'IncomingMessage.ack': ['at once', ({ message }) => message.ack()],
  'IncomingMessage.nack': ['at once', ({ message }) => message.nack()],
  'IncomingMessage.reject': ['at once', ({ message }) => message.reject()],
  'IncomingMessage.info': ['at once', ({ message }) => message.info()],
  'IncomingMessage.process': ['resolves', ({ message }) => message.process(() => {})],
};

describe.concurrent('of a broker that has fallen silent', () => {
  for (const [name, [expected, call]] of Object.entries(rows))
    test(`${name}: ${expected}`, async ({ onTestFinished: finish }) => {
      const outcome = call(await silence(finish));
      if (expected === 'at once') return expect(outcome).not.toBeInstanceOf(Promise);
      if (expected === 'resolves')
        return void (await deadline(Promise.resolve(outcome), AT_MOST, name));
      const error = await deadline(errorOf(Promise.resolve(outcome)), AT_MOST, name);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ code: 'TIMEOUT', operation: expected, timeout: TIMEOUT });
    });

  test('a transaction: TIMEOUT of tx.commit, once and not once more for the rollback', async ({
    onTestFinished: finish,
  }) => {
    const broker = await startBroker();
    finish(() => broker.close());
    const connection = await connect(broker.url, { closeTimeout: TIMEOUT });
    finish(() => connection.close());
    const channel = await connection.channel();
    const start = performance.now();
    const committing = channel.transaction(() => void broker.faults.stallReading(), {
      timeout: 1000,
    });
    const error = await deadline(errorOf(committing), AT_MOST, 'the transaction');
    expect(error).toMatchObject({ code: 'TIMEOUT', operation: 'tx.commit', timeout: 1000 });
    expect(performance.now() - start).toBeLessThan(1900);
  });

  test('an iteration with a timeout: TIMEOUT of iterate', async ({ onTestFinished: finish }) => {
    const broker = await startBroker();
    finish(() => broker.close());
    const connection = await connect(broker.url, { closeTimeout: TIMEOUT });
    finish(() => connection.close());
    const queue = await (await connection.channel()).declareQueue('queue');
    const waiting = errorOf(queue.iterate({ timeout: TIMEOUT }).next());
    expect(await deadline(waiting, AT_MOST, 'the iteration')).toMatchObject({
      code: 'TIMEOUT',
      operation: 'iterate',
    });
  });
});

/** Requests with a timeout of their own, which is shorter than that of the connection. */
const own = { timeout: TIMEOUT / 2 };
const requests: Record<string, (all: Silence) => Promise<unknown>> = {
  'exchange.declare': ({ channel }) => channel.declareExchange('other', own),
  'exchange.declare, passive': ({ channel }) =>
    channel.declareExchange('amq.topic', { passive: true, ...own }),
  'exchange.declare, get': ({ channel }) => channel.getExchange('amq.topic', own),
  'exchange.bind': ({ exchange }) => exchange.bind('amq.topic', '', own),
  'exchange.unbind': ({ exchange }) => exchange.unbind('amq.topic', '', own),
  'exchange.delete': ({ exchange }) => exchange.delete(own),
  'queue.declare': ({ channel }) => channel.declareQueue('other', own),
  'queue.declare, passive': ({ channel }) =>
    channel.declareQueue('queue', { passive: true, ...own }),
  'queue.declare, get': ({ channel }) => channel.getQueue('queue', own),
  'queue.bind': ({ queue }) => queue.bind('amq.topic', '', own),
  'queue.unbind': ({ queue }) => queue.unbind('amq.topic', '', own),
  'queue.purge': ({ queue }) => queue.purge(own),
  'queue.delete': ({ queue }) => queue.delete(own),
  'basic.get': ({ queue }) => queue.get(own),
  'basic.consume': ({ queue }) => queue.consume(() => {}, own),
  'basic.qos': ({ channel }) => channel.setQos({ prefetch: 1, global: true, ...own }),
};

describe.concurrent('with a timeout of its own a request is given up after that', () => {
  for (const [name, request] of Object.entries(requests))
    test(name, async ({ onTestFinished: finish }) => {
      const error = await deadline(errorOf(request(await silence(finish))), AT_MOST, name);
      const [operation] = name.split(',');
      expect(error).toMatchObject({ code: 'TIMEOUT', operation, timeout: own.timeout });
    });

  test('which must be a number of milliseconds', async ({ onTestFinished: finish }) => {
    const { queue } = await silence(finish);
    await expect(queue.get({ timeout: -1 })).rejects.toThrow(
      'timeout must be a number of milliseconds from 0 on, not -1',
    );
  });
});

test('the list above has every public method of core', () => {
  const classes = [Connection, Channel, Exchange, Queue, Consumer, IncomingMessage];
  const listed = new Set(Object.keys(rows).map((name) => name.split(',')[0]));
  const all = classes.flatMap(({ name, prototype }) =>
    publicMethods(prototype).map((method) => `${name}.${method}`),
  );
  expect(all.filter((name) => !listed.has(name))).toEqual([]);
});

test('a channel on which nothing is confirmed is replaced once all it may have in flight has expired', async () => {
  const broker = await startBroker();
  onTestFinished(() => broker.close());
  const connection = await connect(broker.url, { closeTimeout: TIMEOUT });
  onTestFinished(() => connection.close());
  const channel = await connection.channel({ maxInFlight: 3 });
  await channel.declareQueue('queue');
  const publish = (timeout: number): Promise<void> =>
    channel.defaultExchange.publish(text('x'), 'queue', { timeout });
  const lost = broker.faults.dropConfirms();
  const unconfirmed = [publish(50), publish(50), publish(50)].map(errorOf);
  const waiting = publish(AT_MOST);
  for (const error of await Promise.all(unconfirmed)) expect(error.code).toBe('TIMEOUT');
  lost[Symbol.dispose]();
  await deadline(waiting, AT_MOST, 'the publish that waited');
});

describe('connect', () => {
  /** A server that takes connections, reads what comes, and never answers. */
  async function startMute(): Promise<number> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket.resume());
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  test('to a host that takes the connection and never answers: TIMEOUT, with the last attempt as its cause', async () => {
    const port = await startMute();
    const options = { connectTimeout: 400, attemptTimeout: 100, backoff: { initial: 1, max: 1 } };
    const connecting = errorOf(connect(`amqp://127.0.0.1:${port}`, options));
    expect(await deadline(connecting, AT_MOST, 'the timeout')).toMatchObject({
      code: 'TIMEOUT',
      operation: 'connect',
      cause: { code: 'CONNECTION_FAILED' },
    });
  });

  test('with credentials that never come: TIMEOUT, and that of the credentials as its cause', async () => {
    const credentials = () => new Promise<never>(() => {});
    const options = { connectTimeout: 400, attemptTimeout: 100, backoff: { initial: 1, max: 1 } };
    const connecting = errorOf(connect({ credentials, ...options }));
    expect(await deadline(connecting, AT_MOST, 'the timeout')).toMatchObject({
      code: 'TIMEOUT',
      operation: 'connect',
      cause: { code: 'TIMEOUT', operation: 'credentials' },
    });
  });
});

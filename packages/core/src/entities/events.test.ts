import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { startBroker } from '@leveret/broker';
import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { LeveretEvent, LeveretEventType } from '../diagnostics/events.ts';
import { connect } from './connection.ts';
import { codeOf, fill, openPair, type Pair, privateQueue, text } from './live.fixture.ts';

/** Waits for events of a connection by their type. */
function eventsOf({ connection }: Pair): {
  next<Type extends LeveretEventType>(type: Type): Promise<LeveretEvent>;
} {
  const inbox = createInbox<LeveretEvent>('an event');
  connection.on('event', inbox.push);
  return {
    async next(type) {
      for (;;) {
        const event = await inbox.next(10_000);
        if (event.type === type) return event;
      }
    },
  };
}

const backoff = { initial: 5, max: 20 };
const LEVELS = ['debug', 'info', 'log', 'warn', 'error'] as const;

describeWithBroker('the events of a connection', (getUrl) => {
  test('tell of a message that came back, whether its publish waits or not', async () => {
    await using pair = await openPair(getUrl());
    const events = eventsOf(pair);
    const nowhere = uniqueName('nowhere');
    const { defaultExchange } = pair.channel;
    const returned = {
      channel: 1,
      exchange: '',
      routingKey: nowhere,
      messageId: 'm',
      replyCode: 312,
    };
    expect(await codeOf(defaultExchange.publish({ ...text('x'), messageId: 'm' }, nowhere))).toBe(
      'UNROUTABLE',
    );
    expect(await events.next('returned')).toMatchObject(returned);
    const options = { confirm: false };
    await defaultExchange.publish({ ...text('x'), messageId: 'm' }, nowhere, options);
    expect(await events.next('returned')).toMatchObject(returned);
  });

  test('tell of a message that was refused', async () => {
    await using pair = await openPair(getUrl());
    const events = eventsOf(pair);
    const queue = await pair.channel.declareQueue(uniqueName('full'), {
      exclusive: true,
      arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    await fill(pair.channel, queue, 'x');
    const message = { ...text('y'), messageId: 'y' };
    expect(await codeOf(pair.channel.defaultExchange.publish(message, queue.name))).toBe('NACKED');
    expect(await events.next('nacked')).toEqual({
      type: 'nacked',
      channel: 1,
      exchange: '',
      routingKey: queue.name,
      messageId: 'y',
    });
  });

  test('tell of a message that was given up, and why', async () => {
    await using pair = await openPair(getUrl());
    const events = eventsOf(pair);
    const exchange = await pair.channel.getExchange(uniqueName('missing'), { ensure: false });
    const lost = exchange.publish({ ...text('x'), messageId: 'm' }, 'key');
    expect(await codeOf(lost)).toBe('EXCHANGE_NOT_FOUND');
    expect(await events.next('dropped')).toMatchObject({
      exchange: exchange.name,
      routingKey: 'key',
      messageId: 'm',
      error: { code: 'EXCHANGE_NOT_FOUND' },
    });
  });

  test('tell when a closing consumer has nothing in hand any more', async () => {
    await using pair = await openPair(getUrl());
    const events = eventsOf(pair);
    const queue = await privateQueue(pair.channel);
    const consumer = await queue.consume(() => {});
    await consumer.close();
    expect(await events.next('drained')).toMatchObject({ queue: queue.name, aborted: 0 });
  });

  test('are published to the whole process, beginning with the first connection', async () => {
    const seen = createInbox<unknown>('a message of the channel');
    const name = uniqueName('service');
    const listener = (message: unknown): void => {
      if (JSON.stringify(message).includes(name)) seen.push(message);
    };
    for (const type of ['connected', 'closed']) {
      subscribe(`leveret:${type}`, listener);
      onTestFinished(() => void unsubscribe(`leveret:${type}`, listener));
    }
    const connection = await connect(getUrl(), { name });
    await connection.close();
    const { hostname: host, port } = new URL(getUrl());
    expect(await seen.take(2)).toMatchObject([
      { event: { type: 'connected', host, port: Number(port), attempts: 1 } },
      { event: { type: 'closed', cause: undefined } },
    ]);
  });

  test('are logged where there is a logger, and nothing is printed where there is none', async () => {
    const lines: string[] = [];
    const log =
      (level: string) =>
      (fields: object, message: string): void => {
        lines.push(`${level} ${JSON.stringify(Reflect.get(fields, 'type'))} ${message}`);
      };
    const logger = {
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
    };
    const out = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write'));
    const printed = [...LEVELS.map((level) => vi.spyOn(console, level)), ...out];
    for (const options of [{ logger }, {}]) await (await connect(getUrl(), options)).close();
    const calls = printed.flatMap(({ mock }) => mock.calls);
    vi.restoreAllMocks();
    expect(calls).toEqual([]);
    expect(lines).toEqual(['info "connected" connected', 'info "closed" the connection is closed']);
  });
});

describe('the events of an outage', () => {
  test('tell the loss, each failed attempt, what was sent again, each channel, and the end', async () => {
    await using broker = await startBroker();
    await using pair = await openPair(broker.url, { backoff });
    const { connection, channel } = pair;
    const queue = await channel.declareQueue(uniqueName('kept'));
    await queue.bind('amq.direct', 'key');
    await queue.consume((message) => message.ack());
    await connection.channel();
    await fill(channel, queue, 'first');
    const events = createInbox<LeveretEvent>('an event');
    connection.on('event', events.push);
    const refusing = broker.faults.refuseConnections();
    const confirms = broker.faults.dropConfirms();
    const publishing = channel.defaultExchange.publish(text('again'), queue.name);
    await broker.untilQueue(queue.name, () => broker.inspect().traffic.published === 2);
    broker.faults.dropConnections();
    const [lost, failed] = await events.take(2);
    expect([lost?.type, failed?.type]).toEqual(['reconnecting', 'connect-failed']);
    refusing[Symbol.dispose]();
    confirms[Symbol.dispose]();
    await deadline(publishing, 5000, 'the publish');
    const rest: LeveretEvent[] = [];
    while (rest.at(-1)?.type !== 'reconnected') rest.push(await events.next());
    const attempts = 2 + rest.filter(({ type }) => type === 'connect-failed').length;
    const replayed = { exchanges: 0, queues: 1, bindings: 1, consumers: 1 };
    const first = rest.filter((event) => 'channel' in event && event.channel === 1);
    expect(first).toMatchObject([
      { type: 'resent', count: 1 },
      { type: 'recovered', replayed, resent: 1 },
    ]);
    const second = rest.filter((event) => 'channel' in event && event.channel === 2);
    expect(second).toMatchObject([{ type: 'recovered', resent: 0 }]);
    const duration = expect.any(Number);
    const end = { type: 'reconnected', attempts, channels: 2, replayed, resent: 1, duration };
    expect(rest.at(-1)).toMatchObject(end);
  });

  test('tell when publishers are blocked, why, and for how long', async () => {
    await using broker = await startBroker();
    await using pair = await openPair(broker.url);
    const events = eventsOf(pair);
    const queue = await privateQueue(pair.channel);
    const block = broker.faults.block('low on disk');
    const publishing = fill(pair.channel, queue, 'x');
    expect(await events.next('blocked')).toEqual({ type: 'blocked', reason: 'low on disk' });
    block[Symbol.dispose]();
    expect(await events.next('unblocked')).toEqual({
      type: 'unblocked',
      duration: expect.any(Number),
    });
    await publishing;
  });
});

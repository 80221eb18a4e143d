// What befalls one channel leaves the others of its connection alone.
import {
  createInbox,
  deadline,
  findRabbitServer,
  type RabbitNode,
  startRabbitNode,
} from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LeveretEvent } from '../diagnostics/events.ts';
import type { IncomingMessage } from '../message/incoming.ts';
import type { Channel } from './channel.ts';
import { codeOf, fill, openPair, type Pair, privateQueue, textOf } from './live.fixture.ts';

/** A channel at work beside others: it consumes what it publishes, one message after the other. */
async function startNeighbour(
  { connection }: Pair,
  { holds = true } = {},
): Promise<{ worksOn(): Promise<void> }> {
  const channel = await connection.channel();
  channel.on('status', ({ state }) => {
    if (state !== 'closed') throw new Error(`the neighbour is ${state}`);
  });
  const queue = await privateQueue(channel, 'neighbour');
  const inbox = createInbox<IncomingMessage>('a message of the neighbour');
  await queue.consume(inbox.push, { prefetch: 1 });
  await fill(channel, queue, 'in hand');
  const inHand = await inbox.next();
  if (!holds) inHand.ack();
  return {
    async worksOn() {
      // What was in hand can still be settled: it is the same channel.
      if (holds) inHand.ack();
      await fill(channel, queue, 'next');
      const next = await inbox.next();
      expect([textOf(next), next.redelivered]).toEqual(['next', false]);
      next.ack();
    },
  };
}

const befalls: Record<string, (channel: Channel) => Promise<unknown>> = {
  'a declaration at odds with what is there (406)': async (channel) => {
    const queue = await privateQueue(channel);
    const other = channel.declareQueue(queue.name, { exclusive: true, autoDelete: true });
    expect(await codeOf(other)).toBe('PRECONDITION_FAILED');
  },
  'a queue that is not there (404)': async (channel) => {
    const queue = await channel.getQueue(uniqueName('missing'), { ensure: false });
    expect(await codeOf(queue.purge())).toBe('NOT_FOUND');
  },
  'an exchange that was deleted under a publisher (404)': async (channel) => {
    const exchange = await channel.declareExchange(uniqueName('gone'));
    await (await privateQueue(channel)).bind(exchange, 'key');
    await exchange.publish({ body: Buffer.from('x') }, 'key');
    const same = await channel.getExchange(exchange.name);
    await exchange.delete();
    const lost = ['a', 'b'].map((body) => codeOf(same.publish({ body: Buffer.from(body) }, 'key')));
    expect(await Promise.all(lost)).toEqual(['EXCHANGE_NOT_FOUND', 'EXCHANGE_NOT_FOUND']);
  },
  'a queue that was deleted under a consumer': async (channel) => {
    const queue = await privateQueue(channel);
    const consumer = await queue.consume(() => {});
    await queue.delete();
    expect((await consumer.ended)?.code).toBe('CANCELLED');
  },
};

describeWithBroker('a channel', (getUrl) => {
  test.for(Object.entries(befalls))(
    'is unharmed by what befalls another: %s',
    async ([, befall]) => {
      await using pair = await openPair(getUrl());
      const neighbour = await startNeighbour(pair);
      await befall(pair.channel);
      await neighbour.worksOn();
      // And the one that it befell is back.
      const queue = await privateQueue(pair.channel);
      await fill(pair.channel, queue, 'x');
      expect(textOf(await queue.get({ noAck: true }))).toBe('x');
    },
  );
});

const BOOTS_MS = 120_000;

describe.skipIf(findRabbitServer() === undefined)(
  'a consumer that exceeds the timeout of the broker',
  () => {
    let node: RabbitNode;
    beforeAll(async () => {
      node = await startRabbitNode();
      // As the operator would have it in rabbitmq.conf, only that it is looked for more often than once a minute.
      await node.erlang(
        'application:set_env(rabbit, consumer_timeout, 1000), application:set_env(rabbit, channel_tick_interval, 300).',
      );
    }, BOOTS_MS);
    afterAll(() => node?.[Symbol.asyncDispose]());

    test('loses its channel, gets the message again on the next, and leaves other channels alone', {
      timeout: 30_000,
    }, async () => {
      await using pair = await openPair(node.url);

      const neighbour = await startNeighbour(pair, { holds: false });
      const events = createInbox<LeveretEvent>('an event');
      pair.connection.on('event', events.push);
      const queue = await pair.channel.declareQueue(uniqueName('slow'));
      const inbox = createInbox<IncomingMessage>('a message');
      const consumer = await queue.consume(inbox.push, { prefetch: 1 });
      await fill(pair.channel, queue, 'x');
      const late = await inbox.next();
      let event = await events.next(20_000);
      while (event.type !== 'channel-closed') event = await events.next(20_000);
      expect(event).toMatchObject({ channel: 1, replyCode: 406 });
      const again = await inbox.next(10_000);
      expect([textOf(again), again.redelivered, late.signal.aborted]).toEqual(['x', true, true]);
      again.ack();
      await neighbour.worksOn();
      await deadline(consumer.close(), 5000, 'close');
    });
  },
);

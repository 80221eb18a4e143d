// Many queues behind a consistent hash exchange, each with a single active consumer: order for each key.
import {
  createInbox,
  findRabbitServer,
  type RabbitNode,
  startRabbitNode,
  startTcpProxy,
} from '@leveret/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Channel } from './channel.ts';
import type { Exchange } from './exchange.ts';
import { openPair, text, textOf } from './live.fixture.ts';

const SHARDS = 4;
const KEYS = 20;
const EACH = 30;
const BOOTS_MS = 120_000;

/** Declares the shards; every process does, with the same arguments. */
async function declareShards(channel: Channel): Promise<Exchange> {
  const exchange = await channel.declareExchange('orders', { type: 'x-consistent-hash' });
  for (let shard = 0; shard < SHARDS; shard++) {
    const queue = await channel.declareQueue(`orders.${shard}`, {
      arguments: { 'x-single-active-consumer': true },
    });
    await queue.bind(exchange, '10'); // its weight
  }
  return exchange;
}

/** Consumes every shard, one message after the other. */
async function workShards(
  channel: Channel,
  handle: (line: string) => Promise<void>,
): Promise<void> {
  await declareShards(channel);
  for (let shard = 0; shard < SHARDS; shard++) {
    const queue = await channel.getQueue(`orders.${shard}`);
    await queue.consume((message) => message.process(() => handle(textOf(message) ?? '')), {
      concurrency: 1,
    });
  }
}

describe.skipIf(findRabbitServer() === undefined)(
  'shards with a single active consumer each',
  () => {
    let node: RabbitNode;
    beforeAll(async () => {
      node = await startRabbitNode({ plugins: ['rabbitmq_consistent_hash_exchange'] });
    }, BOOTS_MS);
    afterAll(() => node?.[Symbol.asyncDispose]());

    test('keep the order of each key, also when the process that works on them is cut off', {
      timeout: 60_000,
    }, async () => {
      await using proxy = await startTcpProxy({ host: '127.0.0.1', port: node.port });
      await using publisher = await openPair(node.url);
      await using first = await openPair(proxy.url(node.url));
      await using second = await openPair(node.url);
      const exchange = await declareShards(publisher.channel);
      const handled = createInbox<{ readonly by: string; readonly line: string }>('a message');
      const work = (by: string) => async (line: string) => handled.push({ by, line });
      await workShards(first.channel, work('first'));
      await workShards(second.channel, work('second'));

      const publish = async (from: number, to: number): Promise<void> => {
        for (let n = from; n < to; n++)
          for (let key = 0; key < KEYS; key++)
            await exchange.publish(text(`${key}/${n}`), `key-${key}`);
      };
      await publish(0, EACH / 2);
      const before = await handled.take((KEYS * EACH) / 2, 20_000);
      expect(new Set(before.map(({ by }) => by))).toEqual(new Set(['first']));
      proxy.refuse();
      proxy.cut();
      await publish(EACH / 2, EACH);
      const seen = new Map<string, number[]>();
      const note = (line: string): void => {
        const [key = '', n] = line.split('/');
        const numbers = seen.get(key) ?? [];
        seen.set(key, numbers.includes(Number(n)) ? numbers : [...numbers, Number(n)]);
      };
      for (const { line } of before) note(line);
      while ([...seen.values()].some(({ length }) => length < EACH))
        note((await handled.next(20_000)).line);
      const inOrder = Array.from({ length: EACH }, (_, n) => n);
      expect([...seen.values()]).toEqual(Array.from({ length: KEYS }, () => inOrder));
      proxy.accept();
    });
  },
);

import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { bodiesOf, consume, fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f'];

/**
 * Puts six messages into a queue, of which so many should be delivered on this channel, and gives the tags of the
 * consumers that got one, sorted. A queue of RabbitMQ may answer before it takes what was published, so they are awaited.
 */
async function served(channel: AmqpChannel, queue: string, count: number): Promise<string[]> {
  await fill(channel, queue, LETTERS);
  const messages = await channel.take('basic.deliver', count);
  await channel.settle(queue);
  assert.equal(channel.waiting, 0);
  return messages.map(({ consumerTag }) => consumerTag).sort();
}

/** How many messages are on their way at once. */
export function prefetchCases(suite: Suite): BrokerCase[] {
  return [...consumerCases(suite), ...roomCases(suite), ...globalCases(suite)];
}

function consumerCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    onChannel('no more messages are delivered than the prefetch allows', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b', 'c']);
      await channel.call('basic.qos', { prefetchCount: 2 });
      await consume(channel, queue);
      assert.deepEqual(await bodiesOf(channel, 2), ['a', 'b']);
      await channel.expectNothing(queue);
      channel.send('basic.ack', { deliveryTag: 1 });
      assert.deepEqual(await bodiesOf(channel, 1), ['c']);
    }),
    onChannel('a prefetch is that of the consumers that come later', async (channel, bench) => {
      const queue = await bench.queue(channel);
      for (const [consumerTag, prefetchCount] of [
        ['1', 1],
        ['2', 2],
      ] as const) {
        await channel.call('basic.qos', { prefetchCount });
        await consume(channel, queue, { consumerTag });
      }
      await channel.call('basic.qos', { prefetchCount: 5 });
      assert.deepEqual(await served(channel, queue, 3), ['1', '2', '2']);
    }),
    onChannel('two consumers of a channel have the prefetch each', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 2 });
      for (const consumerTag of ['1', '2']) await consume(channel, queue, { consumerTag });
      assert.deepEqual(await served(channel, queue, 4), ['1', '1', '2', '2']);
    }),
    onChannel('a running consumer keeps its prefetch', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consume(channel, queue);
      await channel.call('basic.qos', { prefetchCount: 1 });
      await served(channel, queue, 6);
    }),
    onChannel('a prefetch of 0 is no limit', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 1 });
      await channel.call('basic.qos', { prefetchCount: 0 });
      await consume(channel, queue);
      await served(channel, queue, 6);
    }),
    onConnection('a prefetch does not concern other channels', async (connection, bench) => {
      const [limited, other] = [await connection.channel(), await connection.channel()];
      const queue = await bench.queue(limited);
      await limited.call('basic.qos', { prefetchCount: 1 });
      await consume(other, queue);
      await served(other, queue, 6);
    }),
    onConnection('a prefetch in bytes is not implemented', async (connection) => {
      const channel = await connection.channel();
      channel.send('basic.qos', { prefetchSize: 1, prefetchCount: 1 });
      await connection.expectClose(540, 'basic.qos');
    }),
  ];
}

function roomCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a consumer without acks is not limited', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 1 });
      await consume(channel, queue, { noAck: true });
      await served(channel, queue, 6);
    }),
    onChannel('what basic.get took does not count for the prefetch', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b', 'c']);
      await channel.call('basic.qos', { prefetchCount: 1 });
      await channel.get(queue);
      await consume(channel, queue);
      assert.deepEqual(await bodiesOf(channel, 1), ['b']);
      assert.equal((await channel.get(queue))?.text, 'c');
    }),
    onChannel('what a full consumer leaves goes to the others', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 1 });
      await consume(channel, queue, { consumerTag: 'full' });
      await channel.call('basic.qos', { prefetchCount: 0 });
      await consume(channel, queue, { consumerTag: 'open' });
      const tags = await served(channel, queue, 6);
      assert.deepEqual(tags, ['full', 'open', 'open', 'open', 'open', 'open']);
    }),
    onChannel('a multiple ack makes room for as many', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 3 });
      await consume(channel, queue);
      await fill(channel, queue, LETTERS);
      assert.deepEqual(await bodiesOf(channel, 3), ['a', 'b', 'c']);
      channel.send('basic.ack', { deliveryTag: 2, multiple: true });
      assert.deepEqual(await bodiesOf(channel, 2), ['d', 'e']);
      await channel.expectNothing(queue);
    }),
    ...(['basic.nack', 'basic.reject'] as const).map((method) =>
      onChannel(
        `${method} makes room, and what it puts back comes first`,
        async (channel, bench) => {
          const queue = await bench.queue(channel);
          await channel.call('basic.qos', { prefetchCount: 1 });
          await consume(channel, queue);
          await fill(channel, queue, ['a', 'b']);
          await bodiesOf(channel, 1);
          channel.send(method, { deliveryTag: 1, requeue: true });
          assert.deepEqual(await bodiesOf(channel, 1), ['a']);
          channel.send(method, { deliveryTag: 2 });
          assert.deepEqual(await bodiesOf(channel, 1), ['b']);
        },
      ),
    ),
    onChannel('consumers of two queues have the prefetch each', async (channel, bench) => {
      const queues = [await bench.queue(channel), await bench.queue(channel)];
      await channel.call('basic.qos', { prefetchCount: 1 });
      for (const queue of queues) await consume(channel, queue);
      for (const queue of queues) await fill(channel, queue, ['a', 'b']);
      assert.deepEqual(await bodiesOf(channel, 2), ['a', 'a']);
      await channel.expectNothing(...queues);
    }),
  ];
}

/** On 4.3 `global` is passed over: the limit is that of each later consumer. */
function globalCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a global prefetch is shared by the consumers', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 2, global: true });
      for (const consumerTag of ['1', '2']) await consume(channel, queue, { consumerTag });
      await served(channel, queue, bench.profile === '4.3' ? 4 : 2);
    }),
    onChannel('a global prefetch adds to that of each consumer', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 2 });
      await channel.call('basic.qos', { prefetchCount: 3, global: true });
      for (const consumerTag of ['1', '2']) await consume(channel, queue, { consumerTag });
      await served(channel, queue, bench.profile === '4.3' ? 6 : 3);
    }),
    onChannel('a prefetch that is not global lifts a global one', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 1, global: true });
      await channel.call('basic.qos', { prefetchCount: 2 });
      for (const consumerTag of ['1', '2']) await consume(channel, queue, { consumerTag });
      await served(channel, queue, 4);
    }),
    onChannel(
      'what basic.get took does not count for a global prefetch',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        await fill(channel, queue, ['a', 'b']);
        await channel.call('basic.qos', { prefetchCount: 1, global: true });
        await channel.get(queue);
        await consume(channel, queue);
        assert.deepEqual(await bodiesOf(channel, 1), ['b']);
      },
    ),
    onChannel('a global prefetch limits consumers that run', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consume(channel, queue);
      await channel.call('basic.qos', { prefetchCount: 2, global: true });
      await served(channel, queue, bench.profile === '4.3' ? 6 : 2);
    }),
    onChannel('raising a global prefetch lets more through', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 1, global: true });
      await consume(channel, queue);
      await fill(channel, queue, LETTERS);
      assert.deepEqual(await bodiesOf(channel, 1), ['a']);
      await channel.call('basic.qos', { prefetchCount: 3, global: true });
      if (bench.profile !== '4.3') assert.deepEqual(await bodiesOf(channel, 2), ['b', 'c']);
      await channel.expectNothing(queue);
    }),
    onChannel('lowering a global prefetch waits for acks', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 3, global: true });
      await consume(channel, queue);
      await fill(channel, queue, LETTERS);
      assert.deepEqual(await bodiesOf(channel, 3), ['a', 'b', 'c']);
      await channel.call('basic.qos', { prefetchCount: 1, global: true });
      channel.send('basic.ack', { deliveryTag: 2, multiple: true });
      if (bench.profile === '4.3') assert.deepEqual(await bodiesOf(channel, 2), ['d', 'e']);
      await channel.expectNothing(queue);
      channel.send('basic.ack', { deliveryTag: 3 });
      await channel.next('basic.deliver');
    }),
    onChannel('a prefetch of 0 lifts a global one', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 1, global: true });
      await consume(channel, queue);
      await fill(channel, queue, LETTERS);
      assert.deepEqual(await bodiesOf(channel, 1), ['a']);
      await channel.call('basic.qos', { prefetchCount: 0, global: true });
      if (bench.profile !== '4.3')
        assert.deepEqual(await bodiesOf(channel, 5), ['b', 'c', 'd', 'e', 'f']);
      await channel.expectNothing(queue);
    }),
  ];
}

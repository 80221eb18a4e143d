import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { type Bench, bodiesOf, consume, fill } from './bench.ts';
import { quorumQueue } from './quorum-queues.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** A queue of which one consumer at a time is served; not exclusive, so that several connections may consume. */
async function singleQueue(channel: AmqpChannel, bench: Bench): Promise<string> {
  const fields = { durable: true, arguments: { 'x-single-active-consumer': true } };
  return await bench.queue(channel, fields);
}

/** Queues of which one consumer at a time is served. */
export function singleActiveConsumerCases(suite: Suite): BrokerCase[] {
  return [...orderCases(suite), ...priorityCases(suite)];
}

function orderCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('only the first consumer gets messages', async (channel, bench) => {
      const queue = await singleQueue(channel, bench);
      for (const consumerTag of ['1', '2']) await consume(channel, queue, { consumerTag });
      await fill(channel, queue, ['a', 'b', 'c']);
      const messages = await channel.take('basic.deliver', 3);
      assert.deepEqual(
        messages.map(({ text, consumerTag }) => text + consumerTag),
        ['a1', 'b1', 'c1'],
      );
    }),
    onChannel('the others get nothing while it has no room', async (channel, bench) => {
      const queue = await singleQueue(channel, bench);
      await channel.call('basic.qos', { prefetchCount: 1 });
      for (const consumerTag of ['1', '2']) await consume(channel, queue, { consumerTag });
      await fill(channel, queue, ['a', 'b']);
      assert.equal((await channel.next('basic.deliver')).consumerTag, '1');
      await channel.expectNothing(queue);
      channel.send('basic.ack', { deliveryTag: 1 });
      assert.equal((await channel.next('basic.deliver')).consumerTag, '1');
    }),
    onChannel('the next in order follows one that is cancelled', async (channel, bench) => {
      const queue = await singleQueue(channel, bench);
      for (const consumerTag of ['1', '2', '3']) await consume(channel, queue, { consumerTag });
      for (const consumerTag of ['1', '2', '3']) {
        await fill(channel, queue, ['a', 'b']);
        for (const message of await channel.take('basic.deliver', 2))
          assert.equal(message.consumerTag, consumerTag);
        await channel.call('basic.cancel', { consumerTag });
      }
    }),
    onChannel('the next gets what waits, and not what is on its way', async (channel, bench) => {
      const queue = await singleQueue(channel, bench);
      await channel.call('basic.qos', { prefetchCount: 2 });
      for (const consumerTag of ['1', '2']) await consume(channel, queue, { consumerTag });
      await fill(channel, queue, ['a', 'b', 'c', 'd']);
      assert.deepEqual(await bodiesOf(channel, 2), ['a', 'b']);
      await channel.call('basic.cancel', { consumerTag: '1' });
      // 3.10 looks for what waits no earlier than at the next consumer.
      await consume(channel, queue, { consumerTag: '3' });
      const messages = await channel.take('basic.deliver', 2);
      assert.deepEqual(
        messages.map(({ text, consumerTag }) => text + consumerTag),
        ['c2', 'd2'],
      );
      channel.send('basic.ack', { deliveryTag: 2, multiple: true });
      await channel.expectNothing(queue);
    }),
    onChannel('cancelling one that waits changes nothing', async (channel, bench) => {
      const queue = await singleQueue(channel, bench);
      for (const consumerTag of ['1', '2', '3']) await consume(channel, queue, { consumerTag });
      await channel.call('basic.cancel', { consumerTag: '2' });
      await fill(channel, queue, ['a']);
      assert.equal((await channel.next('basic.deliver')).consumerTag, '1');
      await channel.call('basic.cancel', { consumerTag: '1' });
      await fill(channel, queue, ['b']);
      assert.equal((await channel.next('basic.deliver')).consumerTag, '3');
    }),
    onChannel('the next follows one whose connection is cut, in order', async (channel, bench) => {
      const queue = await singleQueue(channel, bench);
      const connection = await bench.connect();
      const active = await connection.channel();
      await active.call('basic.qos', { prefetchCount: 2 });
      for (const each of [active, channel]) await consume(each, queue);
      await fill(channel, queue, ['a', 'b', 'c', 'd']);
      assert.deepEqual(await bodiesOf(active, 2), ['a', 'b']);
      await connection[Symbol.asyncDispose]();
      const messages = await channel.take('basic.deliver', 4);
      assert.deepEqual(
        messages.map(({ text, redelivered }) => (redelivered ? `${text}*` : text)),
        ['a*', 'b*', 'c', 'd'],
      );
    }),
    onChannel('an exclusive consumer is refused', async (channel, bench) => {
      const queue = await singleQueue(channel, bench);
      channel.send('basic.consume', { queue, exclusive: true });
      await channel.expectClose(403, 'basic.consume');
    }),
  ];
}

const single = { 'x-single-active-consumer': true };
const high = { consumerTag: 'high', arguments: { 'x-priority': 5 } };

/** The tags of the consumers that the next deliveries go to. */
async function tagsOf(channel: AmqpChannel, count: number): Promise<string[]> {
  return (await channel.take('basic.deliver', count)).map(({ consumerTag }) => consumerTag);
}

/** One of a higher priority takes over the quorum queues of 4.0, and not those of 3.10. */
function priorityCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('one of a higher priority waits on a classic queue', async (channel, bench) => {
      const queue = await singleQueue(channel, bench);
      await consume(channel, queue, { consumerTag: 'low' });
      await consume(channel, queue, high);
      await fill(channel, queue, ['a']);
      assert.deepEqual(await tagsOf(channel, 1), ['low']);
    }),
    onChannel('one that holds nothing gives way on a quorum queue', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench, single);
      await consume(channel, queue, { consumerTag: 'low' });
      await consume(channel, queue, high);
      channel.publish({ routingKey: queue, body: 'a' });
      assert.deepEqual(await tagsOf(channel, 1), [bench.profile === '3.10' ? 'low' : 'high']);
    }),
    onChannel('one that settles all it holds gives way', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench, single);
      await consume(channel, queue, { consumerTag: 'low' });
      channel.publish({ routingKey: queue, body: 'a' });
      const { deliveryTag } = await channel.next('basic.deliver');
      await consume(channel, queue, high);
      channel.publish({ routingKey: queue, body: 'b' });
      if (bench.profile === '3.10') {
        assert.deepEqual(await tagsOf(channel, 1), ['low']);
        return;
      }
      await channel.expectNothing(queue);
      channel.send('basic.ack', { deliveryTag });
      assert.deepEqual(await tagsOf(channel, 1), ['high']);
    }),
    onChannel('one that gave way goes on if the other leaves', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench, single);
      await consume(channel, queue, { consumerTag: 'low' });
      channel.publish({ routingKey: queue, body: 'a' });
      const { deliveryTag } = await channel.next('basic.deliver');
      await consume(channel, queue, high);
      await channel.call('basic.cancel', { consumerTag: 'high' });
      channel.publish({ routingKey: queue, body: 'b' });
      if (bench.profile !== '3.10') await channel.expectNothing(queue);
      channel.send('basic.ack', { deliveryTag });
      assert.deepEqual(await tagsOf(channel, 1), ['low']);
    }),
  ];
}

import assert from 'node:assert/strict';
import { bodiesOf, consume, fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** The end of a consumer: by its client, or by the broker. */
export function cancellingCases(suite: Suite): BrokerCase[] {
  return [...clientCases(suite), ...brokerCases(suite)];
}

function clientCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    onChannel('a cancelled consumer gets nothing more', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const consumerTag = await consume(channel, queue);
      const cancelled = await channel.call('basic.cancel', { consumerTag });
      assert.equal(cancelled.consumerTag, consumerTag);
      await fill(channel, queue, ['a']);
      await channel.expectNothing(queue);
      assert.equal((await channel.get(queue))?.text, 'a');
    }),
    onChannel('cancelling with no-wait is not answered', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const consumerTag = await consume(channel, queue);
      channel.send('basic.cancel', { consumerTag, nowait: true });
      await fill(channel, queue, ['a']);
      await channel.expectNothing(queue);
    }),
    onChannel('an unknown tag is cancelled all the same', async (channel) => {
      const { consumerTag } = await channel.call('basic.cancel', { consumerTag: 'nobody' });
      assert.equal(consumerTag, 'nobody');
    }),
    onConnection('a tag of another channel is not cancelled', async (connection, bench) => {
      const [first, second] = [await connection.channel(), await connection.channel()];
      const queue = await bench.queue(first);
      const consumerTag = await consume(first, queue);
      await second.call('basic.cancel', { consumerTag });
      await fill(second, queue, ['a']);
      assert.equal((await first.next('basic.deliver')).text, 'a');
    }),
    onChannel('what a cancelled consumer has not acked stays with it', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const consumerTag = await consume(channel, queue);
      await fill(channel, queue, ['a', 'b']);
      await bodiesOf(channel, 2);
      await channel.call('basic.cancel', { consumerTag });
      assert.equal(await channel.get(queue), undefined);
      channel.send('basic.ack', { deliveryTag: 1 });
      channel.send('basic.nack', { deliveryTag: 2, requeue: true });
      assert.equal((await channel.get(queue))?.text, 'b');
    }),
  ];
}

function brokerCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a consumer is told when its queue is deleted', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const consumerTag = await consume(channel, queue);
      await channel.call('queue.delete', { queue });
      assert.equal((await channel.next('basic.cancel')).consumerTag, consumerTag);
    }),
    onChannel('a consumer of another connection is told too', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      const other = await bench.channel();
      const tags = [await consume(other, queue), await consume(other, queue)];
      await channel.call('queue.delete', { queue });
      const cancelled = await other.take('basic.cancel', 2);
      assert.deepEqual(cancelled.map(({ consumerTag }) => consumerTag).sort(), tags.sort());
    }),
    onChannel('a consumer without that capability is told nothing', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      const deaf = await bench.channel({ capabilities: { consumer_cancel_notify: false } });
      const other = await bench.channel();
      for (const each of [deaf, other]) await consume(each, queue);
      await channel.call('queue.delete', { queue });
      await other.next('basic.cancel');
      await deaf.expectNothing();
    }),
    onChannel('the tag of a deleted queue is free again', async (channel, bench) => {
      const [gone, queue] = [await bench.queue(channel), await bench.queue(channel)];
      await consume(channel, gone, { consumerTag: 'mine' });
      await channel.call('queue.delete', { queue: gone });
      await channel.next('basic.cancel');
      await consume(channel, queue, { consumerTag: 'mine' });
      await fill(channel, queue, ['a']);
      assert.equal((await channel.next('basic.deliver')).consumerTag, 'mine');
    }),
    onChannel('messages of a deleted queue may still be acked', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consume(channel, queue);
      await fill(channel, queue, ['a', 'b']);
      await bodiesOf(channel, 2);
      await channel.call('queue.delete', { queue });
      await channel.next('basic.cancel');
      channel.send('basic.ack', { deliveryTag: 1 });
      channel.send('basic.nack', { deliveryTag: 2, requeue: true });
      await channel.expectNothing();
    }),
  ];
}

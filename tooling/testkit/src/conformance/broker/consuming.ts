import assert from 'node:assert/strict';
import { bodiesOf, consume, fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Consumers: their tags, who gets what, exclusiveness. */
export function consumingCases(suite: Suite): BrokerCase[] {
  return [
    ...tagCases(suite),
    ...deliveryCases(suite),
    ...sharingCases(suite),
    ...exclusiveCases(suite),
    ...refusalCases(suite),
  ];
}

function tagCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    onChannel('a consumer without a tag gets one', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const first = await consume(channel, queue);
      assert.match(first, /^amq\.ctag-./);
      assert.notEqual(await consume(channel, queue), first);
    }),
    onChannel('a consumer keeps its own tag', async (channel, bench) => {
      const queue = await bench.queue(channel);
      assert.equal(await consume(channel, queue, { consumerTag: 'mine' }), 'mine');
      await fill(channel, queue, ['a']);
      assert.equal((await channel.next('basic.deliver')).consumerTag, 'mine');
    }),
    onConnection('a tag may not be used twice on a channel', async (connection, bench) => {
      const channel = await connection.channel();
      const queue = await bench.queue(channel);
      await consume(channel, queue, { consumerTag: 'mine' });
      channel.send('basic.consume', { queue, consumerTag: 'mine' });
      await connection.expectClose(530, 'basic.consume');
    }),
    onConnection('two channels may use the same tag', async (connection, bench) => {
      const [first, second] = [await connection.channel(), await connection.channel()];
      const queue = await bench.queue(first);
      for (const channel of [first, second]) await consume(channel, queue, { consumerTag: 'mine' });
      await fill(first, queue, ['a', 'b']);
      await first.next('basic.deliver');
      await second.next('basic.deliver');
    }),
    onChannel('a tag is free once it is cancelled', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consume(channel, queue, { consumerTag: 'mine' });
      await channel.call('basic.cancel', { consumerTag: 'mine' });
      assert.equal(await consume(channel, queue, { consumerTag: 'mine' }), 'mine');
    }),
  ];
}

function deliveryCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a consumer gets what is in the queue, in its order', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b', 'c']);
      await consume(channel, queue, { noAck: true });
      assert.deepEqual(await bodiesOf(channel, 3), ['a', 'b', 'c']);
      await channel.expectNothing(queue);
    }),
    onChannel('a consumer gets what is published later', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const consumerTag = await consume(channel, queue);
      channel.publish({ routingKey: queue, body: 'a' });
      const message = await channel.next('basic.deliver');
      assert.equal(message.text, 'a');
      assert.equal(message.consumerTag, consumerTag);
      assert.equal(message.deliveryTag, 1);
      assert.equal(message.redelivered, false);
      assert.equal(message.exchange, '');
      assert.equal(message.routingKey, queue);
    }),
    onChannel('consume-ok comes before the first message', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      channel.send('basic.consume', { queue });
      await channel.next('basic.consume-ok');
      assert.equal((await channel.next('basic.deliver')).text, 'a');
    }),
    onChannel('consume with no-wait is not answered', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      channel.send('basic.consume', { queue, consumerTag: 'mine', nowait: true });
      assert.equal((await channel.next('basic.deliver')).consumerTag, 'mine');
      await channel.expectNothing(queue);
    }),
    onChannel('delivery tags count all messages of a channel', async (channel, bench) => {
      const [first, second] = [await bench.queue(channel), await bench.queue(channel)];
      await consume(channel, first, { noAck: true });
      await consume(channel, second);
      for (const queue of [first, second, first]) {
        channel.publish({ routingKey: queue });
        await channel.settle(queue);
      }
      const tags = (await channel.take('basic.deliver', 3)).map(({ deliveryTag }) => deliveryTag);
      assert.deepEqual(tags, [1, 2, 3]);
      const third = await bench.queue(channel);
      await fill(channel, third, ['a']);
      assert.equal((await channel.get(third))?.deliveryTag, 4);
    }),
    onChannel('what is delivered with no-ack is gone', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b']);
      await consume(channel, queue, { noAck: true });
      await bodiesOf(channel, 2);
      await channel.call('channel.close', { replyCode: 200 });
      await channel.call('channel.open');
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('a consumer without a queue consumes the last declared', async (channel, bench) => {
      await bench.queue(channel);
      const queue = await bench.queue(channel);
      await consume(channel, '');
      await fill(channel, queue, ['a']);
      assert.equal((await channel.next('basic.deliver')).routingKey, queue);
    }),
    onChannel('no-local is passed over', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consume(channel, queue, { noLocal: true });
      channel.publish({ routingKey: queue, body: 'a' });
      assert.equal((await channel.next('basic.deliver')).text, 'a');
    }),
    onChannel('unknown arguments are passed over', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consume(channel, queue, { arguments: { 'x-unknown': 'x', other: [1] } });
      channel.publish({ routingKey: queue, body: 'a' });
      assert.equal((await channel.next('basic.deliver')).text, 'a');
    }),
  ];
}

function sharingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('consumers take turns', async (channel, bench) => {
      const queue = await bench.queue(channel);
      for (const consumerTag of ['1', '2', '3']) await consume(channel, queue, { consumerTag });
      await fill(channel, queue, ['a', 'b', 'c', 'd', 'e', 'f']);
      const messages = await channel.take('basic.deliver', 6);
      assert.deepEqual(
        messages.map(({ text, consumerTag }) => text + consumerTag),
        ['a1', 'b2', 'c3', 'd1', 'e2', 'f3'],
      );
    }),
    onChannel('consumers of several connections take turns', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      const others = [await bench.channel(), await bench.channel()] as const;
      for (const other of others) await consume(other, queue);
      await fill(channel, queue, ['a', 'b', 'c', 'd']);
      assert.deepEqual(await bodiesOf(others[0], 2), ['a', 'c']);
      assert.deepEqual(await bodiesOf(others[1], 2), ['b', 'd']);
    }),
    onChannel('the queue tells how many consumers it has', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const counts: number[] = [];
      const count = async () => {
        const { consumerCount } = await channel.call('queue.declare', { queue, passive: true });
        counts.push(consumerCount);
      };
      await count();
      const consumerTag = await consume(channel, queue);
      await consume(channel, queue);
      await count();
      await channel.call('basic.cancel', { consumerTag });
      await count();
      assert.deepEqual(counts, [0, 2, 1]);
    }),
  ];
}

function exclusiveCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('an exclusive consumer bars others', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      const other = await bench.channel();
      await consume(channel, queue, { exclusive: true });
      other.send('basic.consume', { queue });
      await other.expectClose(403, 'basic.consume');
    }),
    onChannel('an exclusive consumer is barred by others', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      const other = await bench.channel();
      await consume(channel, queue);
      other.send('basic.consume', { queue, exclusive: true });
      await other.expectClose(403, 'basic.consume');
    }),
    onChannel('a second consumer of the same channel is barred too', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consume(channel, queue, { exclusive: true });
      channel.send('basic.consume', { queue });
      await channel.expectClose(403, 'basic.consume');
    }),
    onChannel('others may consume once the exclusive one is cancelled', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const consumerTag = await consume(channel, queue, { exclusive: true });
      await channel.call('basic.cancel', { consumerTag });
      await consume(channel, queue);
      await consume(channel, queue);
    }),
    onChannel('basic.get passes an exclusive consumer by', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 1 });
      await consume(channel, queue, { exclusive: true });
      await fill(channel, queue, ['a', 'b']);
      assert.equal((await channel.get(queue))?.text, 'b');
    }),
  ];
}

function refusalCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a queue that does not exist is refused', async (channel, bench) => {
      channel.send('basic.consume', { queue: bench.name() });
      await channel.expectClose(404, 'basic.consume');
    }),
    onChannel('no queue is refused where none was declared', async (channel) => {
      channel.send('basic.consume', { queue: '' });
      await channel.expectClose(404, 'basic.consume');
    }),
    onChannel('an exclusive queue of another connection is refused', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const other = await bench.channel();
      other.send('basic.consume', { queue });
      await other.expectClose(405, 'basic.consume');
    }),
  ];
}

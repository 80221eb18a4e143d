import assert from 'node:assert/strict';
import { encodeProperties } from '../../amqp/properties.ts';
import { bodiesOf, consume, store } from './bench.ts';
import { getOne } from './letters.ts';
import { deliveryCountCases } from './quorum-counts.ts';
import { quorumLimitCases } from './quorum-limits.ts';
import { quorumQueue } from './quorum-queues.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Queues that are replicated, and count how often they have delivered a message. */
export function quorumCases(suite: Suite): BrokerCase[] {
  return [
    ...deliveryCases(suite),
    ...requeueCases(suite),
    ...consumerCases(suite),
    ...deliveryCountCases(suite),
    ...quorumLimitCases(suite),
  ];
}

function deliveryCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('messages are consumed in their order', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await store(channel, queue, ['a', 'b', 'c']);
      await consume(channel, queue);
      assert.deepEqual(await bodiesOf(channel, 3), ['a', 'b', 'c']);
    }),
    onChannel('a waiting consumer gets what is published', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      const consumerTag = await consume(channel, queue);
      channel.publish({ routingKey: queue, body: 'a' });
      const delivery = await channel.next('basic.deliver');
      assert.deepEqual([delivery.text, delivery.redelivered], ['a', false]);
      assert.equal(delivery.consumerTag, consumerTag);
    }),
    onChannel('properties arrive as the bytes that were sent', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      const headers = { first: 1, second: 'two' };
      const properties = encodeProperties({ contentType: 'text/plain', headers, priority: 0 });
      await consume(channel, queue);
      channel.publish({ routingKey: queue, properties });
      assert.deepEqual((await channel.next('basic.deliver')).rawProperties, properties);
    }),
    onChannel('a get says how many messages stay', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await store(channel, queue, ['a', 'b']);
      const first = await getOne(channel, queue);
      assert.deepEqual([first.text, first.messageCount], ['a', 1]);
      const second = await getOne(channel, queue);
      assert.deepEqual([second.text, second.messageCount], ['b', 0]);
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('what is acked does not come back', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await store(channel, queue, ['a', 'b']);
      const other = await bench.channel();
      const { deliveryTag } = await getOne(other, queue);
      await getOne(other, queue);
      other.send('basic.ack', { deliveryTag });
      await other.call('channel.close', { replyCode: 200 });
      await consume(channel, queue);
      const back = await channel.next('basic.deliver');
      assert.deepEqual([back.text, back.redelivered], ['b', true]);
      await channel.expectNothing(queue);
    }),
    onChannel('a purge says how many messages it took', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await store(channel, queue, ['a', 'b', 'c']);
      await getOne(channel, queue);
      assert.equal((await channel.call('queue.purge', { queue })).messageCount, 2);
      assert.equal(await channel.get(queue), undefined);
    }),
  ];
}

function requeueCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...[
      { title: 'with x-delivery-limit puts messages in front', more: { 'x-delivery-limit': 9 } },
      { title: 'without x-delivery-limit puts messages at the end until RabbitMQ 4', more: {} },
    ].flatMap(({ title, more }) =>
      (['basic.nack', 'basic.reject'] as const).map((requeue) =>
        onChannel(`${requeue} ${title}`, async (channel, bench) => {
          const queue = await quorumQueue(channel, bench, more);
          await store(channel, queue, ['a', 'b', 'c', 'd']);
          const held = [await getOne(channel, queue), await getOne(channel, queue)];
          for (const { deliveryTag } of held) channel.send(requeue, { deliveryTag, requeue: true });
          await consume(channel, queue);
          const unlimited = bench.profile === '3.10' && !('x-delivery-limit' in more);
          const order = unlimited ? ['c', 'd', 'a', 'b'] : ['a', 'b', 'c', 'd'];
          assert.deepEqual(await bodiesOf(channel, 4), order);
        }),
      ),
    ),
    onChannel('messages come back in the order of their requeues', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench, { 'x-delivery-limit': 9 });
      await store(channel, queue, ['a', 'b', 'c']);
      const held = [await getOne(channel, queue), await getOne(channel, queue)];
      for (const { deliveryTag } of held.reverse())
        channel.send('basic.reject', { deliveryTag, requeue: true });
      await consume(channel, queue);
      const given = await channel.take('basic.deliver', 3);
      assert.deepEqual(
        given.map(({ text, redelivered }) => `${text} ${redelivered}`),
        ['b true', 'a true', 'c false'],
      );
    }),
    onChannel('what a connection held comes first', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await store(channel, queue, ['a', 'b', 'c']);
      const other = await bench.connect();
      const holder = await other.channel();
      for (const _ of 'ab') await getOne(holder, queue);
      await other.close();
      await consume(channel, queue);
      const given = await channel.take('basic.deliver', 3);
      assert.deepEqual(
        given.map(({ text, redelivered }) => `${text} ${redelivered}`),
        ['a true', 'b true', 'c false'],
      );
    }),
  ];
}

function consumerCases({ onConnection, onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('no more is delivered than the prefetch allows', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await store(channel, queue, ['a', 'b', 'c']);
      await channel.call('basic.qos', { prefetchCount: 2 });
      await consume(channel, queue);
      assert.deepEqual(await bodiesOf(channel, 2), ['a', 'b']);
      await channel.expectNothing(queue);
      channel.send('basic.ack', { deliveryTag: 0, multiple: true });
      assert.deepEqual(await bodiesOf(channel, 1), ['c']);
    }),
    onConnection('a global prefetch is refused until RabbitMQ 4.3', async (connection, bench) => {
      const channel = await connection.channel();
      const queue = await quorumQueue(channel, bench);
      await store(channel, queue, ['a', 'b', 'c', 'd', 'e']);
      await channel.call('basic.qos', { prefetchCount: 2, global: true });
      if (bench.profile !== '4.3') {
        channel.send('basic.consume', { queue });
        await connection.expectClose(540, 'basic.consume');
        return;
      }
      for (const _ of ['one', 'two']) await consume(channel, queue);
      await channel.take('basic.deliver', 4);
      await channel.expectNothing(queue);
    }),
    onConnection('a running consumer stays without a global limit', async (connection, bench) => {
      const channel = await connection.channel();
      const queue = await quorumQueue(channel, bench);
      await consume(channel, queue);
      await channel.call('basic.qos', { prefetchCount: 2, global: true });
      for (const body of ['a', 'b', 'c']) channel.publish({ routingKey: queue, body });
      assert.deepEqual(await bodiesOf(channel, 3), ['a', 'b', 'c']);
      channel.send('basic.consume', { queue });
      if (bench.profile === '4.3') await channel.next('basic.consume-ok');
      else await connection.expectClose(540, 'basic.consume');
    }),
    onChannel('a single active consumer is followed by the next', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench, { 'x-single-active-consumer': true });
      const first = await consume(channel, queue);
      const second = await consume(channel, queue);
      for (const body of ['a', 'b']) channel.publish({ routingKey: queue, body });
      for (const { consumerTag, deliveryTag } of await channel.take('basic.deliver', 2)) {
        assert.equal(consumerTag, first);
        channel.send('basic.ack', { deliveryTag });
      }
      await channel.call('basic.cancel', { consumerTag: first });
      channel.publish({ routingKey: queue, body: 'c' });
      assert.equal((await channel.next('basic.deliver')).consumerTag, second);
    }),
    onChannel('the next single active consumer gets what was unacked', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench, { 'x-single-active-consumer': true });
      const other = await bench.channel();
      await consume(other, queue);
      await consume(channel, queue);
      await channel.settle(queue);
      other.publish({ routingKey: queue, body: 'a' });
      await other.next('basic.deliver');
      await other.call('channel.close', { replyCode: 200 });
      const { text, redelivered } = await channel.next('basic.deliver');
      assert.deepEqual([text, redelivered], ['a', true]);
    }),
    onChannel('an exclusive consumer shuts nobody out', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await consume(channel, queue, { exclusive: true });
      await consume(channel, queue);
      await channel.expectNothing(queue);
    }),
  ];
}

import assert from 'node:assert/strict';
import { bodiesOf, consume, fill } from './bench.ts';
import { assertTyped, expiry, mortalQueue } from './letters.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** A time that no case waits for, in milliseconds. */
const LONG = 600_000;

/** How long a message lives: what the queue says, what the message says, whether it then expires. */
const lives = [
  { title: 'the TTL of its queue', ttl: 50, expiration: undefined },
  { title: 'its own expiration', ttl: undefined, expiration: '50' },
  { title: 'its expiration where that is below the TTL', ttl: LONG, expiration: '50' },
  { title: 'the TTL where that is below its expiration', ttl: 50, expiration: String(LONG) },
  { title: 'a TTL of 0', ttl: 0, expiration: undefined },
  { title: 'an expiration of 0', ttl: undefined, expiration: '0' },
  { title: 'an expiration of 0 below the TTL', ttl: LONG, expiration: '0' },
];

/** Queues and messages that are limited in time. */
export function timeToLiveCases(suite: Suite): BrokerCase[] {
  return [...expiringCases(suite), ...zeroCases(suite), ...headCases(suite), ...heldCases(suite)];
}

function expiringCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...lives.map(({ title, ttl, expiration }) =>
      onChannel(`a message expires after ${title}`, async (channel, bench) => {
        const { queue } = await mortalQueue(channel, bench, { 'x-message-ttl': ttl });
        const properties = expiration === undefined ? {} : { expiration };
        channel.publish({ routingKey: queue, properties, body: 'late' });
        const letter = await channel.next('basic.deliver');
        assert.equal(letter.text, 'late');
        assertTyped(letter, { reason: 'expired', queue });
        assert.equal(await channel.get(queue), undefined);
      }),
    ),
    onChannel('messages expire in their order and are counted no more', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench, { 'x-message-ttl': 100 });
      for (const body of ['a', 'b', 'c']) channel.publish({ routingKey: queue, body });
      assert.deepEqual(await bodiesOf(channel, 3), ['a', 'b', 'c']);
      const { messageCount } = await channel.call('queue.declare', { queue, passive: true });
      assert.equal(messageCount, 0);
    }),
    onChannel('a message expires in each of its queues by itself', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const { queue } = await mortalQueue(channel, bench, { 'x-message-ttl': 50 });
      const lasting = await bench.queue(channel);
      for (const name of [queue, lasting])
        await channel.call('queue.bind', { queue: name, exchange });
      channel.publish({ exchange, body: 'a' });
      assert.deepEqual(await bodiesOf(channel, 1), ['a']);
      assert.equal((await channel.get(lasting))?.text, 'a');
    }),
    onChannel('what expires without a dead letter exchange is gone', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a'], { properties: { expiration: '50' } });
      await expiry(bench, 50);
      assert.equal(await channel.get(queue), undefined);
      assert.equal((await channel.call('queue.purge', { queue })).messageCount, 0);
    }),
  ];
}

function zeroCases({ onChannel }: Suite): BrokerCase[] {
  const zeros = [
    { title: 'a TTL of 0', ttl: 0, properties: {} },
    { title: 'an expiration of 0', ttl: undefined, properties: { expiration: '0' } },
  ];
  return [
    ...zeros.map(({ title, ttl, properties }) =>
      onChannel(`a message with ${title} reaches a waiting consumer`, async (channel, bench) => {
        const { queue } = await mortalQueue(channel, bench, { 'x-message-ttl': ttl });
        const consumerTag = await consume(channel, queue);
        channel.publish({ routingKey: queue, properties, body: 'now' });
        const delivery = await channel.next('basic.deliver');
        assert.equal(delivery.consumerTag, consumerTag);
        assert.equal(delivery.text, 'now');
      }),
    ),
    onChannel('with a TTL of 0 nothing waits for a busy consumer', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench, { 'x-message-ttl': 0 });
      await channel.call('basic.qos', { prefetchCount: 1 });
      const consumerTag = await consume(channel, queue);
      for (const body of ['a', 'b']) channel.publish({ routingKey: queue, body });
      const [first, second] = await channel.take('basic.deliver', 2);
      assert.deepEqual([first?.text, first?.consumerTag], ['a', consumerTag]);
      assert.equal(second?.text, 'b');
      assertTyped(second, { reason: 'expired', queue });
    }),
    onChannel('a message that expires at once is confirmed and not returned', async (channel) => {
      const { queue } = await channel.call('queue.declare', {
        exclusive: true,
        arguments: { 'x-message-ttl': 0 },
      });
      await channel.call('confirm.select');
      channel.publish({ routingKey: queue, mandatory: true });
      assert.equal((await channel.next('basic.ack')).deliveryTag, 1);
    }),
  ];
}

function headCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel(
      'a message behind one that lives longer expires at the head',
      async (channel, bench) => {
        const { queue, dead } = await mortalQueue(channel, bench);
        await fill(channel, queue, ['stays']);
        await fill(channel, queue, ['late'], { properties: { expiration: '50' } });
        await expiry(bench, 50);
        const { messageCount } = await channel.call('queue.declare', { queue, passive: true });
        assert.equal(messageCount, 2);
        await channel.expectNothing(dead);
        assert.equal((await channel.get(queue, { noAck: true }))?.text, 'stays');
        assert.equal(await channel.get(queue), undefined);
        assert.deepEqual(await bodiesOf(channel, 1), ['late']);
      },
    ),
    onChannel('a consumer is given nothing that has expired', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['first']);
      await fill(channel, queue, ['late'], { properties: { expiration: '50' } });
      await fill(channel, queue, ['last']);
      await expiry(bench, 50);
      await consume(channel, queue, { noAck: true });
      assert.deepEqual(await bodiesOf(channel, 2), ['first', 'last']);
      await channel.expectNothing(queue);
    }),
  ];
}

function heldCases({ onChannel }: Suite): BrokerCase[] {
  const kinds = [
    { kind: 'TTL', ttl: 50, properties: {} },
    { kind: 'expiration', ttl: undefined, properties: { expiration: '50' } },
  ];
  return [
    onChannel('an unacked message does not expire', async (channel, bench) => {
      const { queue, dead } = await mortalQueue(channel, bench, { 'x-message-ttl': 50 });
      await consume(channel, queue);
      channel.publish({ routingKey: queue, body: 'held' });
      const { deliveryTag } = await channel.next('basic.deliver');
      await expiry(bench, 50);
      await channel.expectNothing(queue, dead);
      channel.send('basic.ack', { deliveryTag });
      await channel.expectNothing(queue, dead);
    }),
    ...kinds.map(({ kind, ttl, properties }) =>
      onChannel(`a requeued message keeps its ${kind}`, async (channel, bench) => {
        const { queue } = await mortalQueue(channel, bench, { 'x-message-ttl': ttl });
        const consumerTag = await consume(channel, queue);
        channel.publish({ routingKey: queue, properties, body: 'back' });
        const delivery = await channel.next('basic.deliver');
        assert.equal(delivery.consumerTag, consumerTag);
        await expiry(bench, 50);
        channel.send('basic.nack', { deliveryTag: delivery.deliveryTag, requeue: true });
        assertTyped(await channel.next('basic.deliver'), { reason: 'expired', queue });
      }),
    ),
  ];
}

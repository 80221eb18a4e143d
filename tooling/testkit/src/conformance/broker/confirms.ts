import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { consume } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Takes acks and nacks until `count` tags are settled, and gives those that were acked, in their order. */
async function ackedOf(channel: AmqpChannel, count: number): Promise<number[]> {
  const open = new Set(Array.from({ length: count }, (_, index) => index + 1));
  const acked: number[] = [];
  while (open.size > 0) {
    const arrival = await channel.nextOfAny();
    if (arrival.method !== 'basic.ack' && arrival.method !== 'basic.nack')
      assert.fail(`${arrival.method} arrived where a confirm was awaited`);
    const { method, deliveryTag, multiple = false } = arrival;
    const settled = [...open].filter(
      (tag) => tag === deliveryTag || (multiple && tag < deliveryTag),
    );
    assert.ok(settled.length > 0, `${method} of ${deliveryTag} settles nothing`);
    for (const tag of settled) open.delete(tag);
    if (method === 'basic.ack') acked.push(...settled);
  }
  return acked.sort((a, b) => a - b);
}

/** Publishes one message and takes its confirm, which must be that of `tag`. */
async function expectAck(channel: AmqpChannel, tag: number, routingKey: string): Promise<void> {
  channel.publish({ routingKey });
  const { deliveryTag } = await channel.next('basic.ack');
  assert.equal(deliveryTag, tag);
}

/** Channels in confirm mode. */
export function confirmCases(suite: Suite): BrokerCase[] {
  return [...modeCases(suite), ...tagCases(suite), ...outcomeCases(suite)];
}

function modeCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('confirm.select may be repeated, and counts on', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('confirm.select');
      await expectAck(channel, 1, queue);
      await channel.call('confirm.select');
      await expectAck(channel, 2, queue);
    }),
    onChannel('confirm.select with no-wait is not answered', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.send('confirm.select', { nowait: true });
      await expectAck(channel, 1, queue);
    }),
    onChannel('a channel in confirm mode has no transactions', async (channel) => {
      await channel.call('confirm.select');
      channel.send('tx.select');
      await channel.expectClose(406, 'tx.select');
    }),
    onChannel('a channel with transactions has no confirm mode', async (channel) => {
      await channel.call('tx.select');
      channel.send('confirm.select');
      await channel.expectClose(406, 'confirm.select');
    }),
    onChannel('a channel without confirm mode confirms nothing', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue });
      await channel.expectNothing(queue);
    }),
    onChannel('a channel that is opened again has left confirm mode', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('confirm.select');
      await channel.call('channel.close', { replyCode: 200 });
      await channel.call('channel.open');
      channel.publish({ routingKey: queue });
      await channel.expectNothing(queue);
    }),
  ];
}

function tagCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    onChannel('the first message behind confirm.select is number 1', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, body: 'before' });
      await channel.call('confirm.select');
      await expectAck(channel, 1, queue);
      await channel.expectNothing(queue);
    }),
    onConnection('each channel counts for itself', async (connection, bench) => {
      const [first, second] = [await connection.channel(), await connection.channel()];
      const queue = await bench.queue(first);
      for (const channel of [first, second]) await channel.call('confirm.select');
      await expectAck(first, 1, queue);
      await expectAck(first, 2, queue);
      await expectAck(second, 1, queue);
    }),
    onChannel('every message is confirmed once, alone or with others', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('confirm.select');
      for (let index = 0; index < 200; index++)
        channel.publish({ routingKey: index % 3 === 0 ? bench.name() : queue });
      assert.equal((await ackedOf(channel, 200)).length, 200);
      await channel.expectNothing(queue);
    }),
    onChannel('every persistent message is confirmed once', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      await channel.call('confirm.select');
      for (let index = 0; index < 50; index++)
        channel.publish({ routingKey: queue, properties: { deliveryMode: 2 } });
      assert.equal((await ackedOf(channel, 50)).length, 50);
      await channel.expectNothing(queue);
    }),
    onChannel('a message for three queues is confirmed once', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const queues = [
        await bench.queue(channel),
        await bench.queue(channel),
        await bench.queue(channel),
      ];
      for (const queue of queues) await channel.call('queue.bind', { queue, exchange });
      await channel.call('confirm.select');
      channel.publish({ exchange });
      assert.equal((await channel.next('basic.ack')).deliveryTag, 1);
      await channel.expectNothing(...queues);
    }),
  ];
}

function outcomeCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a message is in its queue when it is confirmed', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      const other = await bench.channel();
      await channel.call('confirm.select');
      await expectAck(channel, 1, queue);
      assert.notEqual(await other.get(queue), undefined);
    }),
    onChannel('a message without a queue is acked', async (channel, bench) => {
      await channel.call('confirm.select');
      await expectAck(channel, 1, bench.name());
    }),
    onChannel('a message that goes straight to a consumer is acked', async (channel, bench) => {
      const other = await bench.channel();
      const queue = await bench.queue(other, { durable: true });
      await consume(other, queue, { noAck: true });
      await channel.call('confirm.select');
      await expectAck(channel, 1, queue);
      await other.next('basic.deliver');
    }),
    onChannel('a message that nobody acks is acked to its publisher', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      const other = await bench.channel();
      await consume(other, queue);
      await channel.call('confirm.select');
      channel.publish({ routingKey: queue, properties: { deliveryMode: 2 } });
      await channel.next('basic.ack');
      await other.next('basic.deliver');
    }),
    onChannel('a message that expires at once is acked', async (channel, bench) => {
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-message-ttl': 0 },
      });
      await channel.call('confirm.select');
      await expectAck(channel, 1, queue);
    }),
    onChannel('a message that drives out the oldest is acked', async (channel, bench) => {
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-max-length': 1 },
      });
      await channel.call('confirm.select');
      await expectAck(channel, 1, queue);
      await expectAck(channel, 2, queue);
    }),
    onChannel('a message that a full queue refuses is nacked', async (channel, bench) => {
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
      });
      await channel.call('confirm.select');
      channel.publish({ routingKey: queue, body: 'fits' });
      assert.equal((await channel.next('basic.ack')).deliveryTag, 1);
      channel.publish({ routingKey: queue, body: 'too much' });
      assert.equal((await channel.next('basic.nack')).deliveryTag, 2);
      assert.equal((await channel.get(queue))?.text, 'fits');
      await expectAck(channel, 3, queue);
    }),
    onChannel('a message that one of two queues refuses is nacked', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const full = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' },
      });
      const open = await bench.queue(channel);
      for (const queue of [full, open]) await channel.call('queue.bind', { queue, exchange });
      await channel.call('confirm.select');
      channel.publish({ exchange, body: 'a' });
      assert.equal((await channel.next('basic.nack')).deliveryTag, 1);
      assert.equal((await channel.get(open))?.text, 'a');
    }),
    onChannel(
      'a missing exchange closes the channel, and confirms nothing',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        await channel.call('confirm.select');
        await expectAck(channel, 1, queue);
        channel.publish({ exchange: bench.name() });
        await channel.expectClose(404, 'basic.publish');
        await channel.call('channel.open');
        await channel.expectNothing(queue);
      },
    ),
  ];
}

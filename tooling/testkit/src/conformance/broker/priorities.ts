import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { type Bench, bodiesOf, consume, fill } from './bench.ts';
import { expiry, getOne, mortalQueue } from './letters.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** In which order a queue gives messages; a message is its body and, behind it, its priority if it has one. */
const orders = [
  { title: 'the highest priority comes first', max: 5, sent: 'a1 b5 c3', given: 'b5 c3 a1' },
  { title: 'equals come in their order', max: 5, sent: 'a2 b4 c2 d4', given: 'b4 d4 a2 c2' },
  { title: 'no priority is the lowest', max: 5, sent: 'a b0 c1', given: 'c1 a b0' },
  {
    title: 'a priority above the highest is the highest',
    max: 3,
    sent: 'a2 b3 c9',
    given: 'b3 c9 a2',
  },
  { title: 'above the highest there is no order', max: 3, sent: 'a7 b200 c3', given: 'a7 b200 c3' },
  { title: 'one level makes two priorities', max: 1, sent: 'a b1 c0 d1', given: 'b1 d1 a c0' },
  { title: 'there may be 255 levels', max: 255, sent: 'a254 b255 c0', given: 'b255 a254 c0' },
  {
    title: 'a plain queue knows no priorities',
    max: undefined,
    sent: 'a0 b9 c1',
    given: 'a0 b9 c1',
  },
];

/** Queues that prefer messages. */
export function priorityCases(suite: Suite): BrokerCase[] {
  return [...orderCases(suite), ...requeueCases(suite), ...limitCases(suite)];
}

function orderCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...orders.map(({ title, max, sent, given }) =>
      onChannel(title, async (channel, bench) => {
        const queue = await bench.queue(channel, {
          exclusive: true,
          arguments: { 'x-max-priority': max },
        });
        await publishAll(channel, queue, sent);
        await consume(channel, queue, { noAck: true });
        assert.deepEqual(await bodiesOf(channel, given.split(' ').length), given.split(' '));
      }),
    ),
    onChannel('no levels are no order, and two levels from RabbitMQ 4', async (channel, bench) => {
      const limits = { 'x-max-priority': 0 };
      const queue = await bench.queue(channel, { exclusive: true, arguments: limits });
      await publishAll(channel, queue, 'a0 b1 c9');
      await consume(channel, queue, { noAck: true });
      const given = bench.profile === '3.10' ? ['a0', 'b1', 'c9'] : ['b1', 'c9', 'a0'];
      assert.deepEqual(await bodiesOf(channel, 3), given);
    }),
    onChannel('a message that is sent later may be given first', async (channel, bench) => {
      const queue = await priorityQueue(channel, bench);
      await publishAll(channel, queue, 'a1 b1');
      await channel.call('basic.qos', { prefetchCount: 1 });
      await consume(channel, queue);
      const { deliveryTag, text } = await channel.next('basic.deliver');
      assert.equal(text, 'a1');
      await publishAll(channel, queue, 'c2');
      channel.send('basic.ack', { deliveryTag });
      assert.deepEqual(await bodiesOf(channel, 1), ['c2']);
    }),
    onChannel('basic.get prefers, too', async (channel, bench) => {
      const queue = await priorityQueue(channel, bench);
      await publishAll(channel, queue, 'a1 b2');
      const message = await getOne(channel, queue);
      assert.deepEqual([message.text, message.messageCount], ['b2', 1]);
    }),
    onChannel('a priority is delivered as it was sent', async (channel, bench) => {
      const queue = await priorityQueue(channel, bench);
      await publishAll(channel, queue, 'a200');
      assert.equal((await getOne(channel, queue)).properties.priority, 200);
    }),
  ];
}

function requeueCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a requeued message is the first of its priority', async (channel, bench) => {
      const queue = await priorityQueue(channel, bench);
      await publishAll(channel, queue, 'a1 b1');
      const { deliveryTag } = await getOne(channel, queue);
      await publishAll(channel, queue, 'c1 d2');
      channel.send('basic.nack', { deliveryTag, requeue: true });
      await consume(channel, queue);
      const given = await channel.take('basic.deliver', 4);
      assert.deepEqual(
        given.map(({ text, redelivered }) => (redelivered ? `${text} again` : text)),
        ['d2', 'a1 again', 'b1', 'c1'],
      );
    }),
    onChannel('messages requeued together go back to their places', async (channel, bench) => {
      const queue = await priorityQueue(channel, bench);
      await publishAll(channel, queue, 'a1 b2 c1 d2');
      for (const _ of 'abcd') await getOne(channel, queue);
      channel.send('basic.nack', { deliveryTag: 0, multiple: true, requeue: true });
      await consume(channel, queue);
      assert.deepEqual(await bodiesOf(channel, 4), ['b2', 'd2', 'a1', 'c1']);
    }),
  ];
}

function limitCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel(
      'a full queue drops its head, which is the highest priority',
      async (channel, bench) => {
        const limits = { 'x-max-priority': 5, 'x-max-length': 2 };
        const { queue } = await mortalQueue(channel, bench, limits);
        await publishAll(channel, queue, 'a1 b3 c2');
        assert.deepEqual(await bodiesOf(channel, 1), ['b3']);
      },
    ),
    onChannel('what expires behind a higher priority waits for it', async (channel, bench) => {
      const { queue, dead } = await mortalQueue(channel, bench, { 'x-max-priority': 5 });
      await fill(channel, queue, ['high'], { properties: { priority: 5 } });
      await fill(channel, queue, ['low'], { properties: { priority: 1, expiration: '50' } });
      await expiry(bench, 50);
      await channel.expectNothing(queue, dead);
      await channel.get(queue, { noAck: true });
      assert.equal(await channel.get(queue), undefined);
      assert.deepEqual(await bodiesOf(channel, 1), ['low']);
    }),
  ];
}

async function priorityQueue(channel: AmqpChannel, bench: Bench): Promise<string> {
  return await bench.queue(channel, { exclusive: true, arguments: { 'x-max-priority': 5 } });
}

/** Publishes bodies such as `a3`, whose digits are the priority. */
async function publishAll(channel: AmqpChannel, queue: string, bodies: string): Promise<void> {
  for (const body of bodies.split(' ')) {
    const digits = body.slice(1);
    const properties = digits === '' ? {} : { priority: Number(digits) };
    await fill(channel, queue, [body], { properties });
  }
}

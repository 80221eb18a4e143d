import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { bodiesOf, consume, fill, store } from './bench.ts';
import { assertTyped, deathsOf, dyingInto, getOne, mortalQueue, rejectOne } from './letters.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** What remains of bodies that are published one after the other to a queue of these limits. */
const drops = [
  { title: 'a full queue drops its oldest message', count: 2, bodies: 'a b c d', kept: 'c d' },
  { title: 'drop-head is what a full queue does by default', count: 1, bodies: 'a b', kept: 'b' },
  { title: 'a queue may be as long as its limit', count: 3, bodies: 'a b c', kept: 'a b c' },
  { title: 'a queue of length 0 keeps nothing', count: 0, bodies: 'a', kept: '' },
  { title: 'bytes of bodies are limited', bytes: 6, bodies: 'aaa bbb c', kept: 'bbb c' },
  {
    title: 'as many messages go as one needs room',
    bytes: 6,
    bodies: 'aa bb cc dddd',
    kept: 'cc dddd',
  },
  { title: 'a body as large as the limit fits', bytes: 3, bodies: 'a bbb', kept: 'bbb' },
  { title: 'a body above the limit takes all with it', bytes: 3, bodies: 'a b cccc', kept: '' },
  { title: 'the count holds within the bytes', count: 2, bytes: 9, bodies: 'a b c', kept: 'b c' },
  { title: 'the bytes hold within the count', count: 9, bytes: 2, bodies: 'a b c', kept: 'b c' },
];

/** Which of the bodies are confirmed by an ack (+) or a nack (-) where the queue refuses what does not fit. */
const refusals = [
  { title: 'a message too many', limits: { 'x-max-length': 2 }, bodies: 'a b c', acks: '++-' },
  { title: 'bytes too many', limits: { 'x-max-length-bytes': 4 }, bodies: 'aaa bb c', acks: '+-+' },
  {
    title: 'a body above the limit',
    limits: { 'x-max-length-bytes': 4 },
    bodies: 'aaaaa',
    acks: '-',
  },
  { title: 'all at length 0', limits: { 'x-max-length': 0 }, bodies: 'a', acks: '-' },
];

/** Queues that are limited in length. */
export function lengthLimitCases(suite: Suite): BrokerCase[] {
  return [...dropCases(suite), ...roomCases(suite), ...refusalCases(suite)];
}

function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

function dropCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...drops.map(({ title, count, bytes, bodies, kept }) =>
      onChannel(title, async (channel, bench) => {
        const limits = { 'x-max-length': count, 'x-max-length-bytes': bytes };
        const queue = await bench.queue(channel, { exclusive: true, arguments: limits });
        await fill(channel, queue, wordsOf(bodies));
        await consume(channel, queue, { noAck: true });
        assert.deepEqual(await bodiesOf(channel, wordsOf(kept).length), wordsOf(kept));
        await channel.expectNothing(queue);
      }),
    ),
    onChannel('properties are not counted as bytes', async (channel, bench) => {
      const limits = { 'x-max-length-bytes': 2 };
      const queue = await bench.queue(channel, { exclusive: true, arguments: limits });
      const properties = { headers: { long: 'x'.repeat(100) } };
      await fill(channel, queue, ['a', 'b'], { properties });
      assert.equal((await getOne(channel, queue)).text, 'a');
    }),
    onChannel('what is dropped is dead-lettered, oldest first', async (channel, bench) => {
      const limits = { 'x-max-length': 1, 'x-overflow': 'drop-head' };
      const { queue } = await mortalQueue(channel, bench, limits);
      for (const body of ['a', 'b', 'c']) channel.publish({ routingKey: queue, body });
      const [first, second] = await channel.take('basic.deliver', 2);
      assert.deepEqual([first?.text, second?.text], ['a', 'b']);
      assertTyped(first, { reason: 'maxlen', queue, count: 1n });
    }),
    onChannel('what is dropped was confirmed by an ack', async (channel, bench) => {
      const limits = { 'x-max-length': 1 };
      const queue = await bench.queue(channel, { exclusive: true, arguments: limits });
      assert.equal(await confirmsOf(channel, queue, ['a', 'b']), '++');
    }),
  ];
}

function roomCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a queue of length 0 hands over to a waiting consumer', async (channel, bench) => {
      const limits = { 'x-max-length': 0 };
      const queue = await bench.queue(channel, { exclusive: true, arguments: limits });
      await consume(channel, queue, { noAck: true });
      channel.publish({ routingKey: queue, body: 'a' });
      assert.deepEqual(await bodiesOf(channel, 1), ['a']);
    }),
    onChannel('unacked messages are not counted', async (channel, bench) => {
      const { queue, dead } = await mortalQueue(channel, bench, { 'x-max-length': 2 });
      await fill(channel, queue, ['a', 'b']);
      await getOne(channel, queue);
      await getOne(channel, queue);
      await store(channel, queue, ['c', 'd']);
      await channel.expectNothing(queue, dead);
      const { messageCount } = await channel.call('queue.declare', { queue, passive: true });
      assert.equal(messageCount, 2);
    }),
    onChannel('unacked bytes are not counted', async (channel, bench) => {
      const { queue, dead } = await mortalQueue(channel, bench, { 'x-max-length-bytes': 4 });
      await fill(channel, queue, ['aaaa']);
      await getOne(channel, queue);
      await fill(channel, queue, ['bbbb']);
      await channel.expectNothing(queue, dead);
    }),
    onChannel('a message requeued into a full queue is the one dropped', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench, { 'x-max-length': 1 });
      await fill(channel, queue, ['a']);
      const { deliveryTag } = await getOne(channel, queue);
      await fill(channel, queue, ['b']);
      channel.send('basic.nack', { deliveryTag, requeue: true });
      const letter = await channel.next('basic.deliver');
      assert.equal(letter.text, 'a');
      assertTyped(letter, { reason: 'maxlen' });
      assert.equal((await getOne(channel, queue)).text, 'b');
    }),
  ];
}

function refusalCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...refusals.map(({ title, limits, bodies, acks }) =>
      onChannel(`reject-publish nacks ${title}`, async (channel, bench) => {
        const { queue, dead } = await mortalQueue(channel, bench, {
          ...limits,
          'x-overflow': 'reject-publish',
        });
        assert.equal(await confirmsOf(channel, queue, wordsOf(bodies)), acks);
        await channel.expectNothing(queue, dead);
      }),
    ),
    onChannel('reject-publish keeps what is in the queue', async (channel, bench) => {
      const limits = { 'x-max-length': 2, 'x-overflow': 'reject-publish' };
      const queue = await bench.queue(channel, { exclusive: true, arguments: limits });
      await fill(channel, queue, ['a', 'b', 'c']);
      await consume(channel, queue, { noAck: true });
      assert.deepEqual(await bodiesOf(channel, 2), ['a', 'b']);
      await channel.expectNothing(queue);
    }),
    onChannel('reject-publish takes messages again when there is room', async (channel, bench) => {
      const limits = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
      const queue = await bench.queue(channel, { exclusive: true, arguments: limits });
      await fill(channel, queue, ['a', 'refused']);
      assert.equal((await getOne(channel, queue)).text, 'a');
      await fill(channel, queue, ['b']);
      assert.equal((await getOne(channel, queue)).text, 'b');
    }),
    onChannel('a refused message is nacked, mandatory or not', async (channel, bench) => {
      const limits = { 'x-max-length': 0, 'x-overflow': 'reject-publish' };
      const queue = await bench.queue(channel, { exclusive: true, arguments: limits });
      await channel.call('confirm.select');
      channel.publish({ routingKey: queue, mandatory: true });
      assert.equal((await channel.next('basic.nack')).deliveryTag, 1);
      await channel.expectNothing(queue);
    }),
    onChannel('one queue that refuses makes a nack; the others keep it', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const limits = { 'x-max-length': 0, 'x-overflow': 'reject-publish' };
      const full = await bench.queue(channel, { exclusive: true, arguments: limits });
      const free = await bench.queue(channel);
      for (const queue of [full, free]) await channel.call('queue.bind', { queue, exchange });
      await channel.call('confirm.select');
      channel.publish({ exchange, body: 'a' });
      assert.equal((await channel.next('basic.nack')).deliveryTag, 1);
      assert.equal((await getOne(channel, free)).text, 'a');
    }),
    onChannel('reject-publish-dlx dead-letters what it refuses', async (channel, bench) => {
      const dead = await bench.queue(channel);
      const limits = { 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx' };
      const queue = await bench.queue(channel, dyingInto(dead, limits));
      assert.equal(await confirmsOf(channel, queue, ['a', 'b']), '+-');
      const letter = await getOne(channel, dead);
      assert.equal(letter.text, 'b');
      assert.deepEqual(deathsOf(letter), [
        { count: 1, reason: 'maxlen', queue, exchange: '', 'routing-keys': [queue] },
      ]);
    }),
    onChannel('a dead letter that a full queue refuses is gone', async (channel, bench) => {
      const full = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
      });
      const queue = await bench.queue(channel, dyingInto(full));
      await fill(channel, full, ['first']);
      await fill(channel, queue, ['a']);
      await rejectOne(channel, queue);
      await channel.settle(queue, full);
      assert.equal((await getOne(channel, full)).text, 'first');
      assert.equal(await channel.get(full), undefined);
      assert.equal(await channel.get(queue), undefined);
    }),
  ];
}

/** Publishes to a queue with confirms, one message after the other: + for each ack, - for each nack. */
async function confirmsOf(
  channel: AmqpChannel,
  queue: string,
  bodies: readonly string[],
): Promise<string> {
  await channel.call('confirm.select');
  let confirms = '';
  for (const body of bodies) {
    channel.publish({ routingKey: queue, body });
    const { method } = await channel.nextOfAny();
    assert.ok(method === 'basic.ack' || method === 'basic.nack', method);
    confirms += method === 'basic.ack' ? '+' : '-';
  }
  return confirms;
}

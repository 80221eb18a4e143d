import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import type { Arrived, Content } from '../../amqp/methods.ts';
import { bodiesOf, consume, fill, hold, store } from './bench.ts';
import { assertTyped, deathsOf, dyingInto, getOne, rejectOne } from './letters.ts';
import type { BrokerProfile } from './profile.ts';
import { mortalQuorumQueue, quorumQueue } from './quorum-queues.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** More deliveries than any limit that a broker sets by itself. */
const ENDLESS = 25;

type Requeue = 'basic.nack' | 'basic.reject';

/** How often a message is delivered that is requeued each time; `ENDLESS` stands for no limit. */
const limits: readonly {
  readonly title: string;
  readonly limit: number | undefined;
  readonly requeue: Requeue;
  readonly deliveries: Readonly<Record<BrokerProfile, number>>;
}[] = [
  {
    title: 'rejects count towards x-delivery-limit',
    limit: 3,
    requeue: 'basic.reject',
    deliveries: { '3.10': 4, '4.0': 4, '4.3': 4 },
  },
  {
    title: 'nacks count towards x-delivery-limit until RabbitMQ 4.3',
    limit: 3,
    requeue: 'basic.nack',
    deliveries: { '3.10': 4, '4.0': 4, '4.3': ENDLESS },
  },
  {
    title: 'an x-delivery-limit of 0 allows one delivery',
    limit: 0,
    requeue: 'basic.reject',
    deliveries: { '3.10': 1, '4.0': 1, '4.3': 1 },
  },
  {
    title: 'rejects have a limit of 20 from RabbitMQ 4',
    limit: undefined,
    requeue: 'basic.reject',
    deliveries: { '3.10': ENDLESS, '4.0': 21, '4.3': 21 },
  },
  {
    title: 'nacks have a limit of 20 on RabbitMQ 4.0',
    limit: undefined,
    requeue: 'basic.nack',
    deliveries: { '3.10': ENDLESS, '4.0': 21, '4.3': ENDLESS },
  },
];

/** The counts that quorum queues keep of deliveries, and what they do at their limits. */
export function deliveryCountCases(suite: Suite): BrokerCase[] {
  return [...headerCases(suite), ...limitCases(suite)];
}

/** The counts of a message in a queue that has been given back once, by profile: with `basic.nack`, or otherwise. */
function countsOf(profile: BrokerProfile, nacked: boolean, times = 1): object {
  if (profile !== '4.3') return { 'x-delivery-count': times };
  return nacked
    ? { 'x-acquired-count': times }
    : { 'x-acquired-count': times, 'x-delivery-count': times };
}

function headersOf({ properties }: Content): object {
  return { ...properties.headers };
}

function headerCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('the first delivery carries no x-delivery-count', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await consume(channel, queue);
      channel.publish({ routingKey: queue });
      assert.deepEqual(headersOf(await channel.next('basic.deliver')), {});
    }),
    onChannel('the first get carries a count of 0 until RabbitMQ 4', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await store(channel, queue, ['a']);
      const message = await getOne(channel, queue);
      const counts = bench.profile === '3.10' ? { 'x-delivery-count': 0 } : {};
      assert.deepEqual(headersOf(message), counts);
      if (bench.profile === '3.10') assertTyped(message, { 'x-delivery-count': 0n });
    }),
    ...(['basic.nack', 'basic.reject'] as const).map((requeue) =>
      onChannel(`a ${requeue} that requeues is counted as a long`, async (channel, bench) => {
        const queue = await quorumQueue(channel, bench);
        await consume(channel, queue);
        channel.publish({ routingKey: queue });
        assert.deepEqual(headersOf(await requeueNext(channel, requeue)), {});
        for (const times of [1, 2]) {
          const message = await requeueNext(channel, requeue);
          const nacked = requeue === 'basic.nack';
          assert.deepEqual(headersOf(message), countsOf(bench.profile, nacked, times));
          const [name = ''] = Object.keys(headersOf(message));
          assertTyped(message, { [name]: BigInt(times) });
        }
      }),
    ),
    onChannel('a letter of basic.reject counts on in RabbitMQ 4.3', async (channel, bench) => {
      const dead = await quorumQueue(channel, bench);
      const queue = await bench.queue(channel, dyingInto(dead));
      await fill(channel, queue, ['a']);
      const { deliveryTag } = await getOne(channel, queue);
      channel.send('basic.reject', { deliveryTag, requeue: true });
      await consume(channel, dead);
      await rejectOne(channel, queue);
      const countsOn = bench.profile === '4.3';
      const letter = await channel.next('basic.deliver');
      assert.equal(letter.redelivered, countsOn);
      if (countsOn) assertTyped(letter, { 'x-delivery-count': 2n, 'x-acquired-count': 2n });
      else assert.equal(letter.properties.headers?.['x-delivery-count'], undefined);
      channel.send('basic.reject', { deliveryTag: letter.deliveryTag, requeue: true });
      const again = await channel.next('basic.deliver');
      if (countsOn) assertTyped(again, { 'x-delivery-count': 3n, 'x-acquired-count': 1n });
      else assertTyped(again, { 'x-delivery-count': 1n });
    }),
    onChannel('a channel that closes counts for what it held', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await store(channel, queue, ['a']);
      const other = await bench.channel();
      await getOne(other, queue);
      await other.call('channel.close', { replyCode: 200 });
      await consume(channel, queue);
      const message = await channel.next('basic.deliver');
      assert.deepEqual(headersOf(message), countsOf(bench.profile, false));
    }),
    onChannel('headers of the client stay beside the count', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      await consume(channel, queue);
      channel.publish({ routingKey: queue, properties: { headers: { mine: 'kept' } } });
      await requeueNext(channel, 'basic.reject');
      const message = await channel.next('basic.deliver');
      assertTyped(message, { mine: 'kept', 'x-delivery-count': 1n });
    }),
    onChannel('a classic queue does not count', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      await rejectOne(channel, queue, true);
      const message = await getOne(channel, queue);
      assert.deepEqual([message.redelivered, headersOf(message)], [true, {}]);
    }),
    onChannel('a dead letter in a classic queue carries no count', async (channel, bench) => {
      const { queue } = await mortalQuorumQueue(channel, bench);
      await store(channel, queue, ['a']);
      await rejectOne(channel, queue, true);
      await rejectOne(channel, queue);
      const letter = await channel.next('basic.deliver');
      assert.equal(deathsOf(letter).length, 1);
      for (const name of ['x-delivery-count', 'x-acquired-count'])
        assert.ok(!(name in headersOf(letter)), name);
    }),
  ];
}

function limitCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...limits.map(({ title, limit, requeue, deliveries }) =>
      onChannel(title, async (channel, bench) => {
        const { queue } = await mortalQuorumQueue(channel, bench, { 'x-delivery-limit': limit });
        const consumerTag = await consume(channel, queue);
        channel.publish({ routingKey: queue, body: 'a' });
        const expected = deliveries[bench.profile];
        for (let count = 1; count <= expected; count++)
          assert.equal((await requeueNext(channel, requeue)).consumerTag, consumerTag);
        const next = await channel.next('basic.deliver');
        assert.equal(next.consumerTag === consumerTag, expected === ENDLESS);
      }),
    ),
    onChannel('a message at its limit dies of delivery_limit', async (channel, bench) => {
      const { queue } = await mortalQuorumQueue(channel, bench, { 'x-delivery-limit': 1 });
      await store(channel, queue, ['a']);
      for (const _ of ['delivered', 'redelivered']) await rejectOne(channel, queue, true);
      const letter = await channel.next('basic.deliver');
      assert.equal(letter.text, 'a');
      assert.deepEqual(deathsOf(letter), [
        { count: 1, reason: 'delivery_limit', queue, exchange: '', 'routing-keys': [queue] },
      ]);
      assertTyped(letter, { reason: 'delivery_limit', 'x-first-death-reason': 'delivery_limit' });
    }),
    onChannel('channels that close count towards the limit', async (channel, bench) => {
      const { queue } = await mortalQuorumQueue(channel, bench, { 'x-delivery-limit': 2 });
      await store(channel, queue, ['a']);
      const other = await bench.channel();
      for (const _ of ['once', 'twice', 'thrice']) {
        await hold(other, queue, 1);
        await other.call('channel.close', { replyCode: 200 });
        await other.call('channel.open');
      }
      assert.deepEqual(await bodiesOf(channel, 1), ['a']);
      assert.equal(await other.get(queue), undefined);
    }),
    onChannel('a message at its limit may be gone altogether', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench, { 'x-delivery-limit': 1 });
      await store(channel, queue, ['a', 'b']);
      for (const _ of ['delivered', 'redelivered'])
        assert.equal((await rejectOne(channel, queue, true)).text, 'a');
      assert.equal((await getOne(channel, queue)).text, 'b');
      assert.equal(await channel.get(queue), undefined);
    }),
  ];
}

/** Takes the next delivery and gives it back. */
async function requeueNext(
  channel: AmqpChannel,
  requeue: Requeue,
): Promise<Arrived<'basic.deliver'>> {
  const message = await channel.next('basic.deliver');
  channel.send(requeue, { deliveryTag: message.deliveryTag, requeue: true });
  return message;
}

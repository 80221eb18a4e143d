import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import type { Content } from '../../amqp/methods.ts';
import { encodeProperties } from '../../amqp/properties.ts';
import { type Arguments, type Table, typed } from '../../amqp/values.ts';
import { type Bench, consume, fill } from './bench.ts';
import {
  assertTyped,
  deathsOf,
  dyingInto,
  getOne,
  mortalQueue,
  rejectOne,
  timesOf,
} from './letters.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Ways to die: what the queue is declared with, and what is done to the one message in it, if anything. */
const ways: readonly {
  readonly reason: string;
  readonly title: string;
  readonly limits: Table;
  readonly kill: (channel: AmqpChannel, queue: string) => Promise<void>;
}[] = [
  {
    reason: 'rejected',
    title: 'a reject',
    limits: {},
    kill: async (channel, queue) => {
      await rejectOne(channel, queue);
    },
  },
  {
    reason: 'rejected',
    title: 'a nack',
    limits: {},
    kill: async (channel, queue) => {
      const { deliveryTag } = await getOne(channel, queue);
      channel.send('basic.nack', { deliveryTag });
    },
  },
  {
    reason: 'expired',
    title: 'an expiry',
    limits: { 'x-message-ttl': 50 },
    kill: () => Promise.resolve(),
  },
  {
    reason: 'maxlen',
    title: 'a queue that is full',
    limits: { 'x-max-length': 1 },
    kill: async (channel, queue) => {
      await fill(channel, queue, ['next']);
    },
  },
];

/** What clients may have written into headers that are the broker's. */
const forged: Table = {
  'x-death': [
    { count: 7n, exchange: 'x', queue: 'forged', reason: 'rejected', 'routing-keys': [] },
  ],
  'x-first-death-exchange': 'x',
  'x-first-death-queue': 'forged',
  'x-first-death-reason': 'expired',
};

/** What dead letters tell of where they died: the headers `x-death`, `x-first-death-*` and `x-last-death-*`. */
export function deathCases(suite: Suite): BrokerCase[] {
  return [
    ...entryCases(suite),
    ...timeCases(suite),
    ...roundCases(suite),
    ...copyCases(suite),
    ...forgeryCases(suite),
  ];
}

function entryCases({ onChannel }: Suite): BrokerCase[] {
  return ways.map(({ reason, title, limits, kill }) =>
    onChannel(`${title} is told as a death that is ${reason}`, async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench, limits);
      const key = bench.name('key');
      await channel.call('queue.bind', { queue, exchange: 'amq.direct', routingKey: key });
      channel.publish({ exchange: 'amq.direct', routingKey: key, body: 'a' });
      await kill(channel, queue);
      const letter = await channel.next('basic.deliver');
      assert.equal(letter.text, 'a');
      assert.deepEqual(deathsOf(letter), [
        { count: 1, reason, queue, exchange: 'amq.direct', 'routing-keys': [key] },
      ]);
      assertTyped(letter, { count: 1n, reason, queue, exchange: 'amq.direct' });
      assertTyped(letter, { 'routing-keys': [key] });
    }),
  );
}

function timeCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('the time of a death is a timestamp in seconds', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench);
      await fill(channel, queue, ['a']);
      await rejectOne(channel, queue);
      const letter = await channel.next('basic.deliver');
      const [time] = timesOf(letter);
      assert.ok(time !== undefined && time > 1_600_000_000 && time < 100_000_000_000, `${time}`);
      assertTyped(letter, { time: typed.timestamp(BigInt(time)) });
    }),
    onChannel('an expiration is moved into the death', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench);
      channel.publish({ routingKey: queue, properties: { expiration: '50' }, body: 'a' });
      const letter = await channel.next('basic.deliver');
      assert.equal(letter.properties.expiration, undefined);
      assert.deepEqual(deathsOf(letter), [
        {
          count: 1,
          reason: 'expired',
          queue,
          exchange: '',
          'routing-keys': [queue],
          'original-expiration': '50',
        },
      ]);
      assertTyped(letter, { 'original-expiration': '50' });
    }),
    onChannel('an expiration is moved whatever the reason', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench);
      await fill(channel, queue, ['a'], { properties: { expiration: '600000' } });
      await rejectOne(channel, queue);
      const letter = await channel.next('basic.deliver');
      assert.equal(letter.properties.expiration, undefined);
      assertTyped(letter, { reason: 'rejected', 'original-expiration': '600000' });
    }),
    onChannel('a TTL of the queue leaves no original-expiration', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench, { 'x-message-ttl': 50 });
      channel.publish({ routingKey: queue, body: 'a' });
      const letter = await channel.next('basic.deliver');
      assert.ok(!letter.rawProperties.includes('original-expiration'));
    }),
  ];
}

function roundCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a death of the same queue and reason is counted', async (channel, bench) => {
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-dead-letter-exchange': '' },
      });
      await fill(channel, queue, ['a']);
      for (const _ of ['once', 'twice', 'thrice']) await rejectAndSettle(channel, queue, []);
      const message = await getOne(channel, queue);
      assert.deepEqual(deathsOf(message), [
        { count: 3, reason: 'rejected', queue, exchange: '', 'routing-keys': [queue] },
      ]);
      assertTyped(message, { count: 3n });
    }),
    onChannel('the latest death stands in front', async (channel, bench) => {
      const [one, two] = await ring(channel, bench);
      await fill(channel, one, ['a']);
      await rejectAndSettle(channel, one, [two]);
      await rejectAndSettle(channel, two, [one]);
      const deaths = deathsOf(await rejectAndSettle(channel, one, [two]));
      const of = { count: 1, reason: 'rejected', exchange: '' };
      const [byOne, byTwo] = [one, two].map((queue) => ({ ...of, queue, 'routing-keys': [queue] }));
      assert.deepEqual(deaths, [byTwo, byOne]);
      assert.deepEqual(deathsOf(await getOne(channel, two)), [{ ...byOne, count: 2 }, byTwo]);
    }),
    onChannel('deaths of one queue for two reasons are two', async (channel, bench) => {
      const [one, two] = await ring(channel, bench);
      await consume(channel, two);
      channel.publish({ routingKey: one, properties: { expiration: '50' } });
      for (const _ of ['expired', 'rejected']) {
        const { deliveryTag } = await channel.next('basic.deliver');
        channel.send('basic.reject', { deliveryTag });
        await channel.settle(two, one);
        await rejectOne(channel, one);
      }
      const letter = await channel.next('basic.deliver');
      const [latest, ...others] = deathsOf(letter).map(
        ({ queue, reason, count }) => `${queue} ${reason} ${count}`,
      );
      assert.equal(latest, `${one} rejected 2`);
      // RabbitMQ 3.10 turns the order of the others round at each death.
      assert.deepEqual(others.sort(), [`${one} expired 1`, `${two} rejected 2`].sort());
    }),
    onChannel('the first death is told in headers of its own', async (channel, bench) => {
      const [one, two] = await ring(channel, bench);
      await fill(channel, one, ['a']);
      await rejectAndSettle(channel, one, [two]);
      await rejectAndSettle(channel, two, [one]);
      const message = await getOne(channel, one);
      assertTyped(message, {
        'x-first-death-exchange': '',
        'x-first-death-queue': one,
        'x-first-death-reason': 'rejected',
      });
      const last = bench.profile === '3.10' ? undefined : two;
      assert.equal(message.properties.headers?.['x-last-death-queue'], last);
      assert.equal(message.properties.headers?.['x-last-death-exchange'], last && '');
      assert.equal(message.properties.headers?.['x-last-death-reason'], last && 'rejected');
    }),
  ];
}

function copyCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a death names the keys of CC, which RabbitMQ 4 keeps', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench);
      const copy = await bench.queue(channel);
      channel.publish({ routingKey: queue, properties: { headers: { CC: [copy] } }, body: 'a' });
      await channel.settle(queue);
      await channel.get(copy, { noAck: true });
      await rejectOne(channel, queue);
      const letter = await channel.next('basic.deliver');
      assertTyped(letter, { 'routing-keys': [queue, copy] });
      const kept = bench.profile === '3.10' ? undefined : [copy];
      assert.deepEqual(letter.properties.headers?.['CC'], kept);
      await channel.settle(queue);
      assert.equal(await channel.get(copy), undefined);
    }),
    onChannel('CC that is kept routes no further', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const last = await bench.queue(channel);
      await channel.call('queue.bind', { queue: last, exchange });
      const middle = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-dead-letter-exchange': exchange },
      });
      const queue = await bench.queue(channel, dyingInto(middle));
      await fill(channel, queue, ['a'], { properties: { headers: { CC: ['copy'] } } });
      await rejectAndSettle(channel, queue, [middle]);
      await rejectAndSettle(channel, middle, [last]);
      const [second, first] = deathsOf(await getOne(channel, last));
      assert.deepEqual(second?.['routing-keys'], [middle]);
      assert.deepEqual(first?.['routing-keys'], [queue, 'copy']);
    }),
    onChannel('without a key of the queue CC holds for the dead letter', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-dead-letter-exchange': exchange },
      });
      const dead = await bench.queue(channel);
      await channel.call('queue.bind', { queue: dead, exchange, routingKey: 'copy' });
      await fill(channel, queue, ['a'], { properties: { headers: { CC: ['copy'] } } });
      await rejectOne(channel, queue);
      await consume(channel, dead);
      const letter = await channel.next('basic.deliver');
      assertTyped(letter, { CC: ['copy'], 'routing-keys': [queue, 'copy'] });
      assert.equal(letter.routingKey, queue);
    }),
    onChannel('BCC is told to nobody', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench);
      await fill(channel, queue, ['a'], { properties: { headers: { BCC: ['hidden'] } } });
      await rejectOne(channel, queue);
      const letter = await channel.next('basic.deliver');
      assertTyped(letter, { 'routing-keys': [queue] });
      assert.equal(letter.properties.headers?.['BCC'], undefined);
    }),
  ];
}

function forgeryCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('x-death of a client is delivered as it came', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const properties = encodeProperties({ headers: forged });
      await fill(channel, queue, ['a'], { properties });
      assert.deepEqual((await getOne(channel, queue)).rawProperties, properties);
    }),
    onChannel('x-death of a client counts as a death until RabbitMQ 4', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench);
      await fill(channel, queue, ['a'], { properties: { headers: forged } });
      await rejectOne(channel, queue);
      const letter = await channel.next('basic.deliver');
      const believed = bench.profile === '3.10';
      assert.deepEqual(
        deathsOf(letter).map((death) => death.queue),
        believed ? [queue, 'forged'] : [queue],
      );
      assertTyped(letter, { 'x-first-death-queue': believed ? 'forged' : queue });
    }),
    onChannel('x-death that is no list is replaced', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench);
      await fill(channel, queue, ['a'], { properties: { headers: { 'x-death': 'often' } } });
      await rejectOne(channel, queue);
      const letter = await channel.next('basic.deliver');
      assert.equal(deathsOf(letter).length, 1);
      const first = bench.profile === '3.10' ? undefined : queue;
      assert.equal(letter.properties.headers?.['x-first-death-queue'], first);
    }),
    onChannel(
      'headers that a client sends again count until RabbitMQ 4',
      async (channel, bench) => {
        const { queue } = await mortalQueue(channel, bench);
        let headers: Arguments = {};
        for (const round of [1, 2, 3]) {
          await fill(channel, queue, ['a'], { properties: { headers } });
          await rejectOne(channel, queue);
          const letter = await channel.next('basic.deliver');
          const count = bench.profile === '3.10' ? round : 1;
          assert.deepEqual(deathsOf(letter), [
            { count, reason: 'rejected', queue, exchange: '', 'routing-keys': [queue] },
          ]);
          // The letter has no property but its headers: behind two bytes of flags stands their table.
          headers = letter.rawProperties.subarray(2);
        }
      },
    ),
  ];
}

/** Two queues, each of which gets the dead letters of the other. */
async function ring(channel: AmqpChannel, bench: Bench): Promise<readonly [string, string]> {
  const one = bench.name('queue');
  const two = await bench.queue(channel, dyingInto(one));
  await channel.call('queue.declare', { queue: one, ...dyingInto(two) });
  return [one, two];
}

/** Rejects the message in `queue` and waits until its dead letter is in the others. Gives the message. */
async function rejectAndSettle(
  channel: AmqpChannel,
  queue: string,
  others: readonly string[],
): Promise<Content> {
  const message = await rejectOne(channel, queue);
  await channel.settle(queue, ...others);
  return message;
}

import assert from 'node:assert/strict';
import { type Table, typed } from '../../amqp/values.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { boundQueue, drain, expectRefusal } from './topology.ts';

/** Arguments that a queue is bound with, and headers of messages that it gets and does not get. */
interface Match {
  readonly title: string;
  readonly binding: Table;
  readonly gets: readonly Table[];
  /** What it gets from RabbitMQ 3.10, and not from 4.0 on. */
  readonly getsOn310?: readonly Table[];
  /** What it gets from RabbitMQ 4.0 on, and not before. */
  readonly getsFrom40?: readonly Table[];
  readonly misses: readonly Table[];
}

const kinds: readonly Match[] = [
  {
    title: 'all arguments must match unless x-match says otherwise',
    binding: { a: 1, b: 'x' },
    gets: [
      { a: 1, b: 'x' },
      { b: 'x', c: 0, a: 1 },
    ],
    misses: [{}, { a: 1 }, { a: 1, b: 'y' }, { a: 1, B: 'x' }],
  },
  {
    title: "all arguments must match by x-match 'all'",
    binding: { 'x-match': 'all', a: 1, b: 'x' },
    gets: [{ a: 1, b: 'x' }],
    misses: [{ a: 1 }, { b: 'x' }, { a: 2, b: 'x' }, { 'x-match': 'all' }],
  },
  {
    title: "one argument is enough by x-match 'any'",
    binding: { 'x-match': 'any', a: 1, b: 'x' },
    gets: [{ a: 1 }, { b: 'x' }, { a: 2, b: 'x' }, { a: 1, b: 'x' }],
    misses: [{}, { a: 2, b: 'y' }, { c: 1 }, { 'x-match': 'any' }],
  },
  {
    title: 'no arguments match everything',
    binding: {},
    gets: [{}, { a: 1 }],
    misses: [],
  },
  {
    title: "no arguments match everything by x-match 'all'",
    binding: { 'x-match': 'all' },
    gets: [{}, { a: 1 }],
    misses: [],
  },
  {
    title: "no arguments match nothing by x-match 'any'",
    binding: { 'x-match': 'any' },
    gets: [],
    misses: [{}, { a: 1 }, { 'x-match': 'any' }],
  },
  {
    title: "arguments in x- are passed over by x-match 'all'",
    binding: { 'x-match': 'all', 'x-a': 1, b: 2 },
    gets: [{ b: 2 }, { 'x-a': 3, b: 2 }],
    misses: [{ 'x-a': 1 }],
  },
  {
    title: "arguments in x- are passed over by x-match 'any'",
    binding: { 'x-match': 'any', 'x-a': 1, b: 2 },
    gets: [{ b: 2 }],
    misses: [{ 'x-a': 1 }],
  },
  {
    title: "arguments in x- count by x-match 'all-with-x'",
    binding: { 'x-match': 'all-with-x', 'x-a': 1, b: 2 },
    gets: [{ 'x-a': 1, b: 2 }],
    misses: [{ b: 2 }, { 'x-a': 1 }, { 'x-a': 3, b: 2 }],
  },
  {
    title: "arguments in x- count by x-match 'any-with-x'",
    binding: { 'x-match': 'any-with-x', 'x-a': 1, b: 2 },
    gets: [{ 'x-a': 1 }, { b: 2 }],
    misses: [{}, { 'x-a': 2, b: 1 }, { 'x-match': 'any-with-x' }],
  },
];

const values: readonly Match[] = [
  {
    title: 'an argument without a value asks for presence',
    binding: { a: null },
    gets: [{ a: 1 }, { a: 'x' }, { a: '' }, { a: false }, { a: null }],
    misses: [{}, { b: 1 }],
  },
  {
    title: "an argument without a value asks for presence by x-match 'any'",
    binding: { 'x-match': 'any', a: null, b: 1 },
    gets: [{ a: 2 }, { b: 1 }],
    misses: [{}, { b: 2 }],
  },
  {
    title: 'a header without a value is no value',
    binding: { a: 1 },
    gets: [],
    misses: [{ a: null }],
  },
  {
    title: 'integers match whatever their width',
    binding: { a: typed.int32(7) },
    gets: [
      { a: typed.int8(7) },
      { a: typed.uint8(7) },
      { a: typed.int16(7) },
      { a: typed.uint16(7) },
      { a: typed.uint32(7) },
      { a: typed.int64(7n) },
    ],
    misses: [{ a: '7' }, { a: true }, { a: 8 }],
  },
  {
    title: 'strings match exactly',
    binding: { a: 'x' },
    gets: [{ a: 'x' }],
    misses: [{ a: 'X' }, { a: 'x ' }, { a: '' }, { a: ['x'] }],
  },
  {
    title: 'an empty string is a value',
    binding: { a: '' },
    gets: [{ a: '' }],
    misses: [{ a: null }, {}, { a: 'x' }],
  },
  {
    title: 'booleans match booleans',
    binding: { a: true },
    gets: [{ a: true }],
    misses: [{ a: false }, { a: 1 }, { a: 'true' }],
  },
  {
    title: 'fractions match',
    binding: { a: 0.5 },
    gets: [{ a: 0.5 }, { a: typed.float(0.5) }],
    misses: [{ a: 0.25 }, { a: '0.5' }],
  },
  {
    title: 'negative and large integers match',
    binding: { a: -1, b: typed.int64(9_007_199_254_740_993n) },
    gets: [{ a: -1, b: typed.int64(9_007_199_254_740_993n) }],
    misses: [
      { a: 1, b: typed.int64(9_007_199_254_740_993n) },
      { a: -1, b: typed.int64(9_007_199_254_740_992n) },
    ],
  },
  {
    title: 'numbers of all types match on 3.10',
    binding: { a: 1 },
    gets: [{ a: 1 }],
    getsOn310: [{ a: typed.double(1) }, { a: typed.timestamp(1n) }],
    misses: [{ a: typed.double(1.5) }, { a: typed.timestamp(2n) }],
  },
  {
    title: 'a fraction matches a whole number on 3.10',
    binding: { a: typed.double(1) },
    gets: [{ a: typed.float(1) }, { a: typed.double(1) }],
    getsOn310: [{ a: 1 }],
    misses: [{ a: 2 }],
  },
  {
    title: 'the timestamp of a message is in milliseconds from RabbitMQ 4 on',
    binding: { 'x-match': 'any', a: 1000, b: 1 },
    gets: [{ b: 1 }],
    getsFrom40: [{ a: typed.timestamp(1n) }],
    misses: [{ a: 1 }],
  },
  {
    title: 'a timestamp matches a number, and itself on 3.10',
    binding: { a: typed.timestamp(1n) },
    gets: [{ a: 1 }],
    getsOn310: [{ a: typed.timestamp(1n) }],
    misses: [{ a: typed.timestamp(2n) }, { a: '1' }],
  },
  {
    title: 'bytes match strings',
    binding: { a: Buffer.from('x') },
    gets: [{ a: Buffer.from('x') }, { a: 'x' }],
    misses: [{ a: Buffer.from('y') }, { a: 'y' }],
  },
  {
    title: 'lists match by values and their types',
    binding: { a: [1, 'x'] },
    gets: [{ a: [1, 'x'] }],
    misses: [{ a: ['x', 1] }, { a: [1] }, { a: [] }, { a: [1n, 'x'] }],
  },
  {
    title: 'tables match by entries and their types',
    binding: { a: { b: 1 } },
    gets: [{ a: { b: 1 } }],
    misses: [{ a: { b: 2 } }, { a: {} }, { a: { c: 1 } }, { a: { b: 1n } }],
  },
];

/** What headers exchanges route by. */
export function headersRoutingCases(suite: Suite): BrokerCase[] {
  const { onChannel } = suite;
  return [
    ...[...kinds, ...values].map((match) => matchCase(suite, match)),
    onChannel('a message without headers has none', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'headers');
      const all = await boundQueue(channel, bench, { exchange });
      const some = await boundQueue(channel, bench, { exchange, arguments: { a: 1 } });
      channel.publish({ exchange, body: 'x' });
      assert.deepEqual(await drain(channel, all), ['x']);
      assert.deepEqual(await drain(channel, some), []);
    }),
    onChannel('a headers exchange does not ask for the key', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'headers');
      const queue = await boundQueue(channel, bench, {
        exchange,
        routingKey: 'a',
        arguments: { b: 1 },
      });
      channel.publish({ exchange, routingKey: 'a', body: 'key' });
      channel.publish({ exchange, routingKey: 'c', properties: { headers: { b: 1 } }, body: 'b' });
      assert.deepEqual(await drain(channel, queue), ['b']);
    }),
    ...['some', 5, true].map((match) =>
      onChannel(`x-match may not be ${typeof match} ${match}`, async (channel, bench) => {
        const exchange = await bench.exchange(channel, 'headers');
        const queue = await bench.queue(channel);
        channel.send('queue.bind', { queue, exchange, arguments: { 'x-match': match } });
        await expectRefusal(channel, 406, 'queue.bind');
        await channel.call('queue.bind', {
          queue,
          exchange: 'amq.direct',
          arguments: { 'x-match': match },
        });
      }),
    ),
  ];
}

/** A queue is bound with the arguments, and gets messages with those headers alone. */
function matchCase({ onChannel }: Suite, match: Match): BrokerCase {
  const { title, binding, getsOn310 = [], getsFrom40 = [], misses } = match;
  return onChannel(title, async (channel, bench) => {
    const also = bench.profile === '3.10' ? getsOn310 : getsFrom40;
    const gets = new Set([...match.gets, ...also]);
    const exchange = await bench.exchange(channel, 'headers');
    const queue = await boundQueue(channel, bench, { exchange, arguments: binding });
    const all = [...match.gets, ...getsOn310, ...getsFrom40, ...misses];
    for (const [index, headers] of all.entries())
      channel.publish({ exchange, properties: { headers }, body: String(index) });
    assert.deepEqual(
      await drain(channel, queue),
      [...all.keys()].map(String).filter((_, index) => gets.has(all[index] ?? {})),
    );
  });
}

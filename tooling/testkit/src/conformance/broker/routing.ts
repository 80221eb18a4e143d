import assert from 'node:assert/strict';
import type { BrokerCase, Suite } from './suite.ts';
import { boundQueue, drain } from './topology.ts';

/** A key that a queue is bound by, and keys of messages that it gets and does not get. */
interface Pattern {
  readonly pattern: string;
  readonly gets: readonly string[];
  readonly misses: readonly string[];
}

const directKeys: readonly Pattern[] = [
  { pattern: 'a.b', gets: ['a.b'], misses: ['a', 'a.b.c', 'A.B', 'a.b ', ''] },
  { pattern: '', gets: [''], misses: ['a', ' '] },
  { pattern: '#', gets: ['#'], misses: ['a', '', '*'] },
  { pattern: '*', gets: ['*'], misses: ['a', '', '#'] },
  { pattern: 'é', gets: ['é'], misses: ['e', 'e\u0301', 'É'] },
];

const topicPatterns: readonly Pattern[] = [
  { pattern: 'a.b', gets: ['a.b'], misses: ['a', 'a.b.c', 'b.a', 'A.B', 'a.b.', 'ab', ''] },
  { pattern: '', gets: [''], misses: ['a', '.'] },
  { pattern: '*', gets: ['a', 'é', '*', '#'], misses: ['', 'a.b', '.'] },
  { pattern: '*.b', gets: ['a.b', '.b'], misses: ['b', 'a.b.c', 'x.a.b', 'a.c'] },
  { pattern: 'a.*', gets: ['a.b', 'a.'], misses: ['a', 'a.b.c', 'b.a'] },
  { pattern: 'a.*.c', gets: ['a.b.c', 'a..c'], misses: ['a.c', 'a.b.b.c', 'a.b'] },
  { pattern: '*.*', gets: ['a.b', '.'], misses: ['', 'a', 'a.b.c', '..'] },
  { pattern: '#', gets: ['', 'a', 'a.b', 'a.b.c', '.', '..'], misses: [] },
  { pattern: 'a.#', gets: ['a', 'a.', 'a.b', 'a.b.c'], misses: ['', 'b.a', 'ab'] },
  { pattern: '#.c', gets: ['c', '.c', 'b.c', 'a.b.c', 'c.c'], misses: ['', 'c.b', 'bc'] },
  { pattern: 'a.#.c', gets: ['a.c', 'a..c', 'a.b.c', 'a.b.b.c'], misses: ['a', 'c', 'ac', 'a.b'] },
  { pattern: '#.b.#', gets: ['b', 'a.b', 'b.c', 'a.b.c', 'b.b'], misses: ['', 'a', 'a.c', 'ab'] },
  { pattern: '*.#', gets: ['a', 'a.b', '.'], misses: [''] },
  { pattern: '#.*', gets: ['a', 'a.b', '.'], misses: [''] },
  { pattern: '*.#.*', gets: ['a.b', 'a.b.c', '.'], misses: ['', 'a'] },
  { pattern: '#.#', gets: ['', 'a', 'a.b', 'a.b.c'], misses: [] },
  { pattern: '#.a.#.a', gets: ['a.a', 'a.b.a', 'b.a.a', 'a.a.a'], misses: ['a', 'b.a', 'a.a.b'] },
  { pattern: '#.*.b', gets: ['a.b', 'b.b', 'x.a.b'], misses: ['b', 'a.b.c'] },
  { pattern: 'a*', gets: ['a*'], misses: ['a', 'ab', 'a.b'] },
  { pattern: 'a#.b', gets: ['a#.b'], misses: ['a.b', 'ab.b'] },
  { pattern: 'a..b', gets: ['a..b'], misses: ['a.b', 'a.x.b', 'a...b'] },
  { pattern: '.', gets: ['.'], misses: ['', '..', 'a.'] },
];

/** What direct, fanout and topic exchanges route by. */
export function routingCases(suite: Suite): BrokerCase[] {
  const { onChannel } = suite;
  return [
    ...directKeys.map((keys) => patternCase(suite, 'direct', keys)),
    onChannel('a direct exchange compares keys of 255 bytes to the end', async (channel, bench) => {
      const [key, other] = [`${'k'.repeat(254)}1`, `${'k'.repeat(254)}2`];
      const exchange = await bench.exchange(channel, 'direct');
      const queue = await boundQueue(channel, bench, { exchange, routingKey: key });
      channel.publish({ exchange, routingKey: other, body: 'other' });
      channel.publish({ exchange, routingKey: key, body: 'same' });
      assert.deepEqual(await drain(channel, queue), ['same']);
    }),
    onChannel('a fanout exchange asks for neither key nor arguments', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const queue = await boundQueue(channel, bench, {
        exchange,
        routingKey: 'a',
        arguments: { b: 1 },
      });
      for (const routingKey of ['', 'a', 'c']) channel.publish({ exchange, routingKey, body: 'x' });
      assert.deepEqual(await drain(channel, queue), ['x', 'x', 'x']);
    }),
    ...topicPatterns.map((keys) => patternCase(suite, 'topic', keys)),
    onChannel(
      'how often # may stand in a pattern depends on the version',
      async (channel, bench) => {
        const exchange = await bench.exchange(channel, 'topic');
        const queue = await bench.queue(channel);
        const binding = { queue, exchange, routingKey: '#.a.#.a.#' };
        if (bench.profile === '4.3') {
          channel.send('queue.bind', binding);
          await channel.expectClose(406, 'queue.bind');
        } else {
          await channel.call('queue.bind', binding);
          for (const routingKey of ['a.a', 'a.b.a', 'b.a.a.b', 'a', 'b.a', 'a.b'])
            channel.publish({ exchange, routingKey, body: routingKey });
          assert.deepEqual(await drain(channel, queue), ['a.a', 'a.b.a', 'b.a.a.b']);
        }
      },
    ),
    onChannel('patterns of a topic exchange do not disturb each other', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'topic');
      const patterns = ['a.b', 'a.*', 'a.#', '#', '*.b'];
      const queues = new Map<string, string>();
      for (const routingKey of patterns)
        queues.set(routingKey, await boundQueue(channel, bench, { exchange, routingKey }));
      await channel.call('queue.unbind', {
        queue: queues.get('a.*') ?? '',
        exchange,
        routingKey: 'a.*',
      });
      channel.publish({ exchange, routingKey: 'a.b', body: 'x' });
      for (const [pattern, queue] of queues)
        assert.deepEqual(await drain(channel, queue), pattern === 'a.*' ? [] : ['x'], pattern);
    }),
  ];
}

/** A queue is bound by the pattern, and gets those keys alone. */
function patternCase(
  { onChannel }: Suite,
  type: 'direct' | 'topic',
  { pattern, gets, misses }: Pattern,
): BrokerCase {
  return onChannel(`a ${type} exchange routes by '${pattern}'`, async (channel, bench) => {
    const exchange = await bench.exchange(channel, type);
    const queue = await boundQueue(channel, bench, { exchange, routingKey: pattern });
    for (const routingKey of [...misses, ...gets])
      channel.publish({ exchange, routingKey, body: routingKey });
    assert.deepEqual(await drain(channel, queue), gets);
  });
}

import assert from 'node:assert/strict';
import { bodiesOf, consume, store } from './bench.ts';
import { assertTyped, deathsOf, getOne, rejectOne } from './letters.ts';
import type { BrokerProfile } from './profile.ts';
import { mortalQuorumQueue, quorumQueue } from './quorum-queues.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** In which order priorities 1, 9 and 4 are given. */
const orders: Readonly<Record<BrokerProfile, readonly string[]>> = {
  '3.10': ['1', '9', '4'],
  '4.0': ['9', '1', '4'],
  '4.3': ['9', '4', '1'],
};

/** Quorum queues that are limited in time or length, their dead letters, and their priorities. */
export function quorumLimitCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a rejected message is a dead letter', async (channel, bench) => {
      const { queue } = await mortalQuorumQueue(channel, bench);
      await store(channel, queue, ['a']);
      await rejectOne(channel, queue);
      const letter = await channel.next('basic.deliver');
      assert.equal(letter.text, 'a');
      assert.deepEqual(deathsOf(letter), [
        { count: 1, reason: 'rejected', queue, exchange: '', 'routing-keys': [queue] },
      ]);
      assertTyped(letter, { count: 1n, reason: 'rejected', queue, 'x-first-death-queue': queue });
    }),
    ...[
      { title: 'a TTL of its queue', ttl: 50, properties: {} },
      { title: 'an expiration', ttl: undefined, properties: { expiration: '50' } },
      { title: 'an expiration below the TTL', ttl: 600_000, properties: { expiration: '50' } },
    ].map(({ title, ttl, properties }) =>
      onChannel(`a message expires after ${title}`, async (channel, bench) => {
        const { queue } = await mortalQuorumQueue(channel, bench, { 'x-message-ttl': ttl });
        channel.publish({ routingKey: queue, properties, body: 'a' });
        const letter = await channel.next('basic.deliver');
        assert.equal(letter.text, 'a');
        assert.equal(letter.properties.expiration, undefined);
        assertTyped(letter, { reason: 'expired', queue });
      }),
    ),
    onChannel('a full queue drops its oldest message', async (channel, bench) => {
      const { queue } = await mortalQuorumQueue(channel, bench, { 'x-max-length': 2 });
      for (const body of ['a', 'b', 'c']) channel.publish({ routingKey: queue, body });
      const letter = await channel.next('basic.deliver');
      assert.equal(letter.text, 'a');
      assertTyped(letter, { reason: 'maxlen', queue });
      assert.equal((await getOne(channel, queue)).text, 'b');
    }),
    onChannel('a queue full of bytes drops its oldest message', async (channel, bench) => {
      const { queue } = await mortalQuorumQueue(channel, bench, { 'x-max-length-bytes': 4 });
      for (const body of ['aa', 'bb', 'cc']) channel.publish({ routingKey: queue, body });
      assert.deepEqual(await bodiesOf(channel, 1), ['aa']);
    }),
    onChannel('a full queue nacks where it is to reject', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench, {
        'x-max-length': 1,
        'x-overflow': 'reject-publish',
      });
      await channel.call('confirm.select');
      const confirms: string[] = [];
      while (!confirms.includes('basic.nack') && confirms.length < 20) {
        channel.publish({ routingKey: queue });
        confirms.push((await channel.nextOfAny()).method);
      }
      assert.equal(confirms[0], 'basic.ack');
      assert.equal(confirms.at(-1), 'basic.nack');
    }),
    onChannel('priorities have no order, two classes or all levels', async (channel, bench) => {
      const queue = await quorumQueue(channel, bench);
      for (const body of ['1', '9', '4'])
        await store(channel, queue, [body], { priority: Number(body) });
      await consume(channel, queue, { noAck: true });
      assert.deepEqual(await bodiesOf(channel, 3), orders[bench.profile]);
    }),
  ];
}

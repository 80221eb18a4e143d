import assert from 'node:assert/strict';
import { fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Queues and messages that are limited in time, and queues that are limited in length. */
export function limitCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a full queue drops its oldest message', async (channel, bench) => {
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-max-length': 2 },
      });
      await fill(channel, queue, ['a', 'b', 'c']);
      assert.equal((await channel.get(queue))?.text, 'b');
    }),
  ];
}

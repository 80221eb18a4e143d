import assert from 'node:assert/strict';
import type { BrokerCase, Suite } from './suite.ts';

/** Declaring, purging and deleting queues. */
export function queueCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a queue without a name gets one', async (channel) => {
      const { queue } = await channel.call('queue.declare', { exclusive: true });
      assert.match(queue, /^amq\.gen-/);
    }),
    onChannel('an exclusive queue is locked to other connections', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const other = await bench.channel();
      other.send('queue.declare', { queue, passive: true });
      await other.expectClose(405, 'queue.declare');
    }),
  ];
}

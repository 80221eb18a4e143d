import assert from 'node:assert/strict';
import { fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Channels in transaction mode. */
export function transactionCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('what is published is in the queue once it is committed', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('tx.select');
      await fill(channel, queue, ['a']);
      assert.equal(await channel.get(queue), undefined);
      await channel.call('tx.commit');
      assert.equal((await channel.get(queue))?.text, 'a');
    }),
  ];
}

import assert from 'node:assert/strict';
import { fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Acks, nacks, rejects, recovery. */
export function acknowledgingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a message that is requeued comes back as redelivered', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      const first = await channel.get(queue);
      assert.equal(first?.redelivered, false);
      channel.send('basic.nack', { deliveryTag: first.deliveryTag, requeue: true });
      assert.equal((await channel.get(queue))?.redelivered, true);
    }),
    onChannel('a delivery tag may not be acked twice', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      await channel.get(queue);
      channel.send('basic.ack', { deliveryTag: 1 });
      channel.send('basic.ack', { deliveryTag: 1 });
      await channel.expectClose(406, 'basic.ack');
    }),
  ];
}

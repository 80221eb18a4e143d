import assert from 'node:assert/strict';
import { bodiesOf, consume, fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Consumers: deliveries, cancelling, exclusiveness. */
export function consumingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a consumer gets what is in the queue, in its order', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b', 'c']);
      await consume(channel, queue, { noAck: true });
      assert.deepEqual(await bodiesOf(channel, 3), ['a', 'b', 'c']);
      await channel.expectNothing(queue);
    }),
    onChannel('a consumer is told when its queue is deleted', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const consumerTag = await consume(channel, queue);
      await channel.call('queue.delete', { queue });
      assert.equal((await channel.next('basic.cancel')).consumerTag, consumerTag);
    }),
  ];
}

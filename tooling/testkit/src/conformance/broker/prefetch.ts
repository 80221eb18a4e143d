import assert from 'node:assert/strict';
import { bodiesOf, consume, fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** How many messages are on their way at once. */
export function prefetchCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('no more messages are delivered than the prefetch allows', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b', 'c']);
      await channel.call('basic.qos', { prefetchCount: 2 });
      await consume(channel, queue);
      assert.deepEqual(await bodiesOf(channel, 2), ['a', 'b']);
      await channel.expectNothing(queue);
      channel.send('basic.ack', { deliveryTag: 1 });
      assert.deepEqual(await bodiesOf(channel, 1), ['c']);
    }),
  ];
}

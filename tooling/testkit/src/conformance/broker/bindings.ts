import assert from 'node:assert/strict';
import type { BrokerCase, Suite } from './suite.ts';

/** Which messages reach which queues. */
export function bindingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a queue that is bound twice gets a message once', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'topic');
      const queue = await bench.queue(channel);
      for (const routingKey of ['a.*', '#'])
        await channel.call('queue.bind', { queue, exchange, routingKey });
      channel.publish({ exchange, routingKey: 'a.b', body: 'once' });
      assert.equal((await channel.get(queue))?.text, 'once');
      assert.equal(await channel.get(queue), undefined);
    }),
  ];
}

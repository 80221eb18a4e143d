import assert from 'node:assert/strict';
import { encodeProperties } from '../../amqp/properties.ts';
import { typed } from '../../amqp/values.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Publishing, confirms and returns. */
export function publishingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel(
      'a mandatory message without a queue is returned, then confirmed',
      async (channel) => {
        await channel.call('confirm.select');
        channel.publish({ routingKey: 'nowhere', mandatory: true, body: 'back' });
        const returned = await channel.next('basic.return');
        assert.equal(returned.replyCode, 312);
        assert.equal(returned.text, 'back');
        assert.equal((await channel.next('basic.ack')).deliveryTag, 1);
      },
    ),
    onChannel('properties arrive as the bytes that were sent', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const headers = { day: typed.timestamp(1n), pi: typed.decimal(2, 314) };
      const properties = encodeProperties({ headers, priority: 4, appId: 'app' });
      channel.publish({ routingKey: queue, properties, body: 'x' });
      assert.deepEqual((await channel.get(queue))?.rawProperties, properties);
    }),
  ];
}

import assert from 'node:assert/strict';
import { encodeProperties } from '../../amqp/properties.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Mandatory messages that reach no queue. */
export function returnCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a mandatory message without a queue comes back', async (channel, bench) => {
      const routingKey = bench.name();
      channel.publish({ routingKey, mandatory: true, body: 'back' });
      const returned = await channel.next('basic.return');
      assert.equal(returned.replyCode, 312);
      assert.equal(returned.replyText, 'NO_ROUTE');
      assert.equal(returned.exchange, '');
      assert.equal(returned.routingKey, routingKey);
      assert.equal(returned.text, 'back');
    }),
    onChannel(
      'a message comes back with its properties and all of its body',
      async (channel, bench) => {
        const exchange = await bench.exchange(channel, 'fanout');
        const properties = encodeProperties({
          headers: { CC: ['nowhere'], mine: 1 },
          deliveryMode: 2,
          expiration: '60000',
          timestamp: 7,
        });
        const body = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index));
        channel.publish({ exchange, routingKey: 'a.b', mandatory: true, properties, body });
        const returned = await channel.next('basic.return');
        assert.equal(returned.exchange, exchange);
        assert.equal(returned.routingKey, 'a.b');
        assert.deepEqual(returned.rawProperties, properties);
        assert.deepEqual(returned.body, body);
        assert.deepEqual(returned.bodyFrames, [131_064, 131_064, 37_872]);
      },
    ),
    onChannel('an empty message comes back without a body', async (channel, bench) => {
      channel.publish({ routingKey: bench.name(), mandatory: true });
      assert.deepEqual((await channel.next('basic.return')).bodyFrames, []);
    }),
    onChannel('a mandatory message with a queue stays', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, mandatory: true, body: 'a' });
      await channel.expectNothing(queue);
      assert.equal((await channel.get(queue))?.text, 'a');
    }),
    onChannel('a mandatory message stays if CC names a queue', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const properties = { headers: { CC: [queue] } };
      channel.publish({ routingKey: bench.name(), mandatory: true, properties });
      await channel.expectNothing(queue);
    }),
    onChannel('messages come back in the order they were published in', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const missing = bench.name();
      for (const [index, routingKey] of [missing, queue, missing, missing].entries())
        channel.publish({ routingKey, mandatory: true, body: String(index) });
      const returned = await channel.take('basic.return', 3);
      assert.deepEqual(
        returned.map(({ text }) => text),
        ['0', '2', '3'],
      );
      await channel.expectNothing(queue);
    }),
    onChannel('a message comes back before it is confirmed', async (channel, bench) => {
      await channel.call('confirm.select');
      channel.publish({ routingKey: bench.name(), mandatory: true, body: 'back' });
      assert.equal((await channel.next('basic.return')).text, 'back');
      assert.equal((await channel.next('basic.ack')).deliveryTag, 1);
    }),
  ];
}

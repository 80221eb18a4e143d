import assert from 'node:assert/strict';
import { consume, fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Where messages go that are rejected, expire or do not fit, and what they carry. */
export function deadLetterCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a rejected message goes to the dead letter queue', async (channel, bench) => {
      const dead = await bench.queue(channel);
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead },
      });
      await fill(channel, queue, ['a']);
      const message = await channel.get(queue);
      await consume(channel, dead, { noAck: true });
      channel.send('basic.reject', { deliveryTag: message?.deliveryTag ?? 0 });
      const letter = await channel.next('basic.deliver');
      assert.equal(letter.text, 'a');
      assert.equal(letter.properties.headers?.['x-first-death-reason'], 'rejected');
    }),
  ];
}

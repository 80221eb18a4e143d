import assert from 'node:assert/strict';
import { fill, store } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Taking messages one by one. */
export function gettingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('each message tells how many are behind it', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b', 'c']);
      for (const [text, messageCount] of [
        ['a', 2],
        ['b', 1],
        ['c', 0],
      ] as const) {
        const message = await channel.get(queue);
        assert.equal(message?.text, text);
        assert.equal(message.messageCount, messageCount);
        assert.equal(message.redelivered, false);
      }
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('what is not acked does not count as in the queue', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await store(channel, queue, ['a', 'b']);
      await channel.get(queue);
      const { messageCount } = await channel.call('queue.declare', { queue, passive: true });
      assert.equal(messageCount, 1);
    }),
    onChannel('what is taken with no-ack is gone', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      const message = await channel.get(queue, { noAck: true });
      assert.equal(message?.deliveryTag, 1);
      await channel.call('channel.close', { replyCode: 200 });
      await channel.call('channel.open');
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('no name stands for the queue declared last', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      assert.equal((await channel.get(''))?.text, 'a');
    }),
    onChannel('a queue that does not exist is refused', async (channel, bench) => {
      channel.send('basic.get', { queue: bench.name() });
      await channel.expectClose(404, 'basic.get');
    }),
    onChannel('an exclusive queue of another connection is refused', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const other = await bench.channel();
      other.send('basic.get', { queue });
      await other.expectClose(405, 'basic.get');
    }),
  ];
}

import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { bodiesOf, consume, fill, hold } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Takes a number of messages by `basic.get` and leaves them open. */
async function takeOff(channel: AmqpChannel, queue: string, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken++) await channel.get(queue);
}

/** The next deliveries, those that come again with a star. */
async function starred(channel: AmqpChannel, count: number): Promise<string[]> {
  const messages = await channel.take('basic.deliver', count);
  return messages.map(({ text, redelivered }) => (redelivered ? `${text}*` : text));
}

/** Messages that go back to their queue. */
export function requeueingCases(suite: Suite): BrokerCase[] {
  return [...settlingCases(suite), ...recoverCases(suite), ...closingCases(suite)];
}

function settlingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...(['basic.nack', 'basic.reject'] as const).map((method) =>
      onChannel(
        `${method} with requeue puts a message back in its place`,
        async (channel, bench) => {
          const queue = await bench.queue(channel);
          await fill(channel, queue, ['a', 'b', 'c']);
          await takeOff(channel, queue, 2);
          channel.send(method, { deliveryTag: 2, requeue: true });
          channel.send(method, { deliveryTag: 1, requeue: true });
          await consume(channel, queue);
          assert.deepEqual(await starred(channel, 3), ['a*', 'b*', 'c']);
        },
      ),
    ),
    onChannel('a multiple nack keeps the order', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b', 'c', 'd']);
      await takeOff(channel, queue, 3);
      channel.send('basic.nack', { deliveryTag: 0, multiple: true, requeue: true });
      await consume(channel, queue);
      assert.deepEqual(await starred(channel, 4), ['a*', 'b*', 'c*', 'd']);
    }),
    onChannel('a message that comes again has a new tag', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consume(channel, queue);
      await fill(channel, queue, ['a']);
      assert.equal((await channel.next('basic.deliver')).deliveryTag, 1);
      channel.send('basic.nack', { deliveryTag: 1, requeue: true });
      const again = await channel.next('basic.deliver');
      assert.equal(again.deliveryTag, 2);
      assert.equal(again.redelivered, true);
    }),
    onChannel('a requeued message may go to another consumer', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 1 });
      await consume(channel, queue, { consumerTag: '1' });
      await consume(channel, queue, { consumerTag: '2' });
      await fill(channel, queue, ['a']);
      assert.equal((await channel.next('basic.deliver')).consumerTag, '1');
      channel.send('basic.nack', { deliveryTag: 1, requeue: true });
      assert.equal((await channel.next('basic.deliver')).consumerTag, '2');
    }),
  ];
}

function recoverCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    onChannel('basic.recover puts back all that is not settled', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b', 'c', 'd']);
      await takeOff(channel, queue, 3);
      channel.send('basic.ack', { deliveryTag: 2 });
      await channel.call('basic.recover', { requeue: true });
      await consume(channel, queue);
      assert.deepEqual(await starred(channel, 3), ['a*', 'c*', 'd']);
    }),
    onChannel('basic.recover-async does so without an answer', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b', 'c']);
      await takeOff(channel, queue, 2);
      channel.send('basic.recover-async', { requeue: true });
      await channel.expectNothing(queue);
      await consume(channel, queue);
      assert.deepEqual(await starred(channel, 3), ['a*', 'b*', 'c']);
    }),
    onChannel('what was recovered may not be acked by its old tag', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      await takeOff(channel, queue, 1);
      await channel.call('basic.recover', { requeue: true });
      channel.send('basic.ack', { deliveryTag: 1 });
      await channel.expectClose(406, 'basic.ack');
    }),
    onChannel('basic.recover of nothing is answered', async (channel) => {
      await channel.call('basic.recover', { requeue: true });
    }),
    ...(['basic.recover', 'basic.recover-async'] as const).map((method) =>
      onConnection(`${method} without requeue is not implemented`, async (connection) => {
        const channel = await connection.channel();
        channel.send(method, { requeue: false });
        await connection.expectClose(540, method);
      }),
    ),
  ];
}

function closingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel(
      'a channel that is closed puts back what it holds, in order',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        await fill(channel, queue, ['a', 'b', 'c', 'd']);
        await hold(channel, queue, 3);
        await channel.call('channel.close', { replyCode: 200 });
        await channel.call('channel.open');
        await consume(channel, queue);
        assert.deepEqual(await starred(channel, 4), ['a*', 'b*', 'c*', 'd']);
      },
    ),
    onChannel('a connection that is closed puts back what it holds', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      const connection = await bench.connect();
      const other = await connection.channel();
      await fill(channel, queue, ['a', 'b']);
      await takeOff(other, queue, 2);
      await consume(channel, queue);
      await connection.close();
      assert.deepEqual(await starred(channel, 2), ['a*', 'b*']);
    }),
    onChannel(
      'a connection that is cut puts back what it holds, in order',
      async (channel, bench) => {
        const queue = await bench.queue(channel, { durable: true });
        const connection = await bench.connect();
        const other = await connection.channel();
        await other.call('basic.qos', { prefetchCount: 3 });
        await consume(other, queue);
        await fill(channel, queue, ['a', 'b', 'c', 'd']);
        await bodiesOf(other, 3);
        await consume(channel, queue);
        assert.deepEqual(await starred(channel, 1), ['d']);
        await connection[Symbol.asyncDispose]();
        assert.deepEqual(await starred(channel, 3), ['a*', 'b*', 'c*']);
      },
    ),
  ];
}

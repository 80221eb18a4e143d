import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import type { Methods } from '../../amqp/methods.ts';
import { type Bench, consume, fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { drain, expectNoQueue, expectRefusal, untilNoExchange } from './topology.ts';

/** Deleting and purging queues, and those that go by themselves. */
export function queueDeleteCases(suite: Suite): BrokerCase[] {
  return [
    ...deleteCases(suite),
    ...conditionCases(suite),
    ...purgeCases(suite),
    ...autoDeleteCases(suite),
    ...expiryCases(suite),
  ];
}

function deleteCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel(
      'a queue that is deleted is gone, and tells how many it held',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        await fill(channel, queue, ['a', 'b', 'c']);
        await channel.get(queue);
        assert.equal((await channel.call('queue.delete', { queue })).messageCount, 2);
        await expectNoQueue(channel, queue);
      },
    ),
    onChannel('a queue that is declared again after its end is empty', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      await channel.call('queue.delete', { queue });
      await channel.call('queue.declare', { queue, exclusive: true });
      assert.deepEqual(await drain(channel, queue), []);
    }),
    onChannel('deleting a queue that is missing is fine', async (channel, bench) => {
      for (const condition of [{}, { ifUnused: true }, { ifEmpty: true }]) {
        const { messageCount } = await channel.call('queue.delete', {
          ...condition,
          queue: bench.name(),
        });
        assert.equal(messageCount, 0);
      }
    }),
    onChannel('a queue is deleted without waiting', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.send('queue.delete', { queue, nowait: true });
      await channel.expectNothing();
      await expectNoQueue(channel, queue);
    }),
  ];
}

function conditionCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a queue with a consumer is in use', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      const other = await bench.channel();
      const consumerTag = await consume(other, queue);
      channel.send('queue.delete', { queue, ifUnused: true });
      await expectRefusal(channel, 406, 'queue.delete');
      await other.call('basic.cancel', { consumerTag });
      await channel.call('queue.delete', { queue, ifUnused: true });
      await expectNoQueue(channel, queue);
    }),
    onChannel('a queue with messages that are ready is not empty', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      channel.send('queue.delete', { queue, ifEmpty: true });
      await expectRefusal(channel, 406, 'queue.delete');
      assert.deepEqual(await drain(channel, queue), ['a']);
      await channel.call('queue.delete', { queue, ifEmpty: true });
      await expectNoQueue(channel, queue);
    }),
    onChannel(
      'a queue is empty where all of its messages are with clients',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        await fill(channel, queue, ['a']);
        await channel.get(queue);
        await channel.call('queue.delete', { queue, ifEmpty: true });
        await expectNoQueue(channel, queue);
      },
    ),
    onChannel('both conditions must hold', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      channel.send('queue.delete', { queue, ifUnused: true, ifEmpty: true, nowait: true });
      await channel.expectClose(406, 'queue.delete');
    }),
  ];
}

function purgeCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a purge takes and counts what is ready, and that alone', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b', 'c']);
      const message = await channel.get(queue);
      assert.equal((await channel.call('queue.purge', { queue })).messageCount, 2);
      assert.equal((await channel.call('queue.purge', { queue })).messageCount, 0);
      channel.send('basic.nack', { deliveryTag: message?.deliveryTag ?? 0, requeue: true });
      assert.deepEqual(await drain(channel, queue), ['a']);
    }),
    onChannel('a queue is purged without waiting', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      channel.send('queue.purge', { queue, nowait: true });
      await channel.expectNothing(queue);
      assert.deepEqual(await drain(channel, queue), []);
    }),
    onChannel('a queue that is missing cannot be purged', async (channel, bench) => {
      channel.send('queue.purge', { queue: bench.name() });
      await channel.expectClose(404, 'queue.purge');
    }),
  ];
}

function autoDeleteCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  const autoDelete = { durable: true, autoDelete: true };
  return [
    onChannel('an auto-delete queue goes with its last consumer', async (channel, bench) => {
      const queue = await bench.queue(channel, autoDelete);
      await fill(channel, queue, ['a']);
      const [one, two] = [await consume(channel, queue), await consume(channel, queue)];
      await channel.next('basic.deliver');
      await channel.call('basic.cancel', { consumerTag: one });
      await channel.call('queue.declare', { queue, passive: true });
      await channel.call('basic.cancel', { consumerTag: two });
      await expectNoQueue(channel, queue);
    }),
    onChannel(
      'an auto-delete queue stays until there has been a consumer',
      async (channel, bench) => {
        const queue = await bench.queue(channel, autoDelete);
        const other = await bench.channel();
        await fill(other, queue, ['a']);
        assert.equal((await other.get(queue, { noAck: true }))?.text, 'a');
        await other.call('channel.close', { replyCode: 200 });
        await channel.call('queue.declare', { ...autoDelete, queue });
      },
    ),
    onConnection(
      'an auto-delete queue goes with the channel of its consumer',
      async (connection, bench) => {
        const channel = await connection.channel();
        const [queue, exchange] = await observedQueue(channel, bench, autoDelete);
        const consuming = await connection.channel();
        await consume(consuming, queue);
        await consuming.call('channel.close', { replyCode: 200 });
        await untilNoExchange(channel, exchange);
        await expectNoQueue(channel, queue);
      },
    ),
    onConnection(
      'an auto-delete queue goes with the connection of its consumer',
      async (connection, bench) => {
        const channel = await bench.channel();
        const [queue, exchange] = await observedQueue(channel, bench, autoDelete);
        await consume(await connection.channel(), queue);
        connection.socket.finish();
        await untilNoExchange(channel, exchange);
        await expectNoQueue(channel, queue);
      },
    ),
  ];
}

function expiryCases({ onChannel }: Suite): BrokerCase[] {
  const expires = { durable: true, arguments: { 'x-expires': 200 } };
  return [
    onChannel('a queue that nobody uses expires, with what is in it', async (channel, bench) => {
      const [queue, exchange] = await observedQueue(channel, bench, expires);
      channel.publish({ routingKey: queue, body: 'a' });
      await untilNoExchange(channel, exchange);
      await expectNoQueue(channel, queue);
    }),
    onChannel('an exclusive queue expires, too', async (channel, bench) => {
      const [queue, exchange] = await observedQueue(channel, bench, {
        ...expires,
        exclusive: true,
      });
      await untilNoExchange(channel, exchange);
      await expectNoQueue(channel, queue);
    }),
    onChannel('a queue expires only when it has no consumer', async (channel, bench) => {
      const queue = bench.name();
      bench.discardQueue(queue);
      const other = await bench.channel();
      other.send('queue.declare', { ...expires, queue });
      other.send('basic.consume', { queue, noAck: true });
      await other.next('queue.declare-ok');
      const { consumerTag } = await other.next('basic.consume-ok');
      // One that takes longer to expire shows that the time is up.
      const longer = { durable: true, arguments: { 'x-expires': 400 } };
      const [, later] = await observedQueue(channel, bench, longer);
      await untilNoExchange(channel, later);
      channel.publish({ routingKey: queue, body: 'still there' });
      assert.equal((await other.next('basic.deliver')).text, 'still there');
      const exchange = await bench.exchange(channel, 'fanout', { autoDelete: true });
      await channel.call('queue.bind', { queue, exchange });
      await other.call('basic.cancel', { consumerTag });
      await untilNoExchange(channel, exchange);
      await expectNoQueue(channel, queue);
    }),
  ];
}

/** Declares a queue, and an exchange that is gone when the queue is gone. */
async function observedQueue(
  channel: AmqpChannel,
  bench: Bench,
  fields: Omit<Methods['queue.declare'], 'queue'>,
): Promise<readonly [queue: string, exchange: string]> {
  const exchange = await bench.exchange(channel, 'fanout', { autoDelete: true });
  const queue = bench.name();
  if (fields.exclusive !== true) bench.discardQueue(queue);
  // At once, so that a queue that expires soon is there to be bound.
  channel.send('queue.declare', { ...fields, queue });
  channel.send('queue.bind', { queue, exchange });
  await channel.next('queue.declare-ok');
  await channel.next('queue.bind-ok');
  return [queue, exchange];
}

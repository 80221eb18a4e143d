import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import type { AmqpConnection } from '../../amqp/connection.ts';
import type { Method, Methods } from '../../amqp/methods.ts';
import { type Bench, consume, fill, store } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { drain, expectNoQueue, expectRefusal } from './topology.ts';

type QueueFields = Omit<Methods['queue.declare'], 'queue'>;

/** What a queue of each kind may not be declared again as. */
const differences: readonly (readonly [
  what: string,
  declared: QueueFields,
  again: QueueFields,
  replyCode: number,
])[] = [
  ['a durable queue as transient', { durable: true }, {}, 406],
  [
    'an auto-delete queue as one that stays',
    { durable: true, autoDelete: true },
    { durable: true },
    406,
  ],
  [
    'a queue that stays as auto-delete',
    { durable: true },
    { durable: true, autoDelete: true },
    406,
  ],
  ['an exclusive queue as one of all', { exclusive: true }, {}, 405],
  ['a queue of all as exclusive', { durable: true }, { durable: true, exclusive: true }, 405],
];

/** Methods that are for the queue that was declared last where they name none. */
const forLastQueue: readonly (readonly [method: Method, send: (channel: AmqpChannel) => void])[] = [
  ['queue.bind', (channel) => channel.send('queue.bind', { exchange: 'amq.direct' })],
  ['queue.unbind', (channel) => channel.send('queue.unbind', { exchange: 'amq.direct' })],
  ['queue.purge', (channel) => channel.send('queue.purge')],
  ['queue.delete', (channel) => channel.send('queue.delete')],
  ['basic.consume', (channel) => channel.send('basic.consume')],
  ['basic.get', (channel) => channel.send('basic.get')],
];

/** Declaring queues. */
export function queueCases(suite: Suite): BrokerCase[] {
  return [
    ...nameCases(suite),
    ...passiveCases(suite),
    ...redeclaringCases(suite),
    ...lastQueueCases(suite),
    ...noWaitCases(suite),
  ];
}

function nameCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    onChannel('a queue without a name gets one of its own', async (channel) => {
      const { queue } = await channel.call('queue.declare', { exclusive: true });
      const { queue: other } = await channel.call('queue.declare', { queue: '', exclusive: true });
      assert.match(queue, /^amq\.gen-/);
      assert.match(other, /^amq\.gen-/);
      assert.notEqual(queue, other);
    }),
    onChannel('a new queue may not have a name in amq.', async (channel, bench) => {
      const queue = `amq.${bench.name()}`;
      channel.send('queue.declare', { queue, exclusive: true });
      await expectRefusal(channel, 403, 'queue.declare');
      await expectNoQueue(channel, queue);
    }),
    onChannel('a queue that got its name may be declared again only passively', async (channel) => {
      const { queue } = await channel.call('queue.declare', { exclusive: true });
      assert.equal((await channel.call('queue.declare', { queue, passive: true })).queue, queue);
      channel.send('queue.declare', { queue, exclusive: true });
      await expectRefusal(channel, 403, 'queue.declare');
      await channel.call('queue.declare', { queue, passive: true });
    }),
    onChannel('line ends are taken out of the name of a queue', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const again = await channel.call('queue.declare', { queue: `\r\n${queue}\n`, passive: true });
      assert.equal(again.queue, queue);
    }),
    onChannel('names of 255 bytes are compared to the end', async (channel, bench) => {
      const start = `é${bench.name()}`.padEnd(253, '.');
      const [one, two] = [`${start}1`, `${start}2`];
      for (const queue of [one, two])
        assert.equal(
          (await channel.call('queue.declare', { queue, exclusive: true })).queue,
          queue,
        );
      await fill(channel, one, ['a']);
      assert.deepEqual(await drain(channel, two), []);
      assert.deepEqual(await drain(channel, one), ['a']);
    }),
    onConnection('a queue may be neither durable nor exclusive', async (connection, bench) => {
      const queue = await transientQueue(connection, bench);
      if (queue === undefined) return;
      const other = await bench.channel();
      await other.call('queue.declare', { queue });
      other.send('queue.declare', { queue, durable: true });
      await expectRefusal(other, 406, 'queue.declare');
    }),
  ];
}

function passiveCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel(
      'a passive declaration of a queue that is missing is refused',
      async (channel, bench) => {
        await expectNoQueue(channel, bench.name());
        await channel.expectNothing();
      },
    ),
    onChannel('a passive declaration of no queue is refused', async (channel, bench) => {
      await bench.queue(channel);
      channel.send('queue.declare', { queue: '', passive: true });
      await channel.expectClose(404, 'queue.declare');
    }),
    onChannel('a passive declaration compares nothing', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('queue.declare', {
        queue,
        passive: true,
        durable: true,
        autoDelete: true,
        arguments: { 'x-max-length': 'many', 'x-queue-type': 'bogus' },
      });
    }),
    onChannel(
      'a declaration counts messages that are ready, and consumers',
      async (channel, bench) => {
        const queue = await bench.queue(channel, { durable: true });
        const counted = async (fields: Methods['queue.declare']): Promise<number[]> => {
          const { messageCount, consumerCount } = await channel.call('queue.declare', fields);
          return [messageCount, consumerCount];
        };
        assert.deepEqual(await counted({ queue, durable: true }), [0, 0]);
        await store(channel, queue, ['a', 'b', 'c']);
        assert.deepEqual(await counted({ queue, durable: true }), [3, 0]);
        await channel.get(queue);
        assert.deepEqual(await counted({ queue, passive: true }), [2, 0]);
        const other = await bench.channel();
        await other.call('basic.qos', { prefetchCount: 1 });
        for (let count = 0; count < 2; count++) await consume(other, queue);
        await other.take('basic.deliver', 2);
        assert.deepEqual(await counted({ queue, passive: true }), [0, 2]);
      },
    ),
  ];
}

function redeclaringCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a queue may be declared again as it is', async (channel, bench) => {
      const fields = { durable: true, autoDelete: true, arguments: { 'x-max-length': 5 } };
      const queue = await bench.queue(channel, fields);
      const other = await bench.channel();
      assert.equal((await other.call('queue.declare', { ...fields, queue })).queue, queue);
    }),
    onChannel(
      'an exclusive queue may be declared again by its connection',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        await channel.call('queue.declare', { queue, exclusive: true });
      },
    ),
    onChannel('an exclusive queue is not durable, whatever was said', async (channel, bench) => {
      const queue = await bench.queue(channel, { exclusive: true, durable: true });
      await channel.call('queue.declare', { queue, exclusive: true });
      await channel.call('queue.declare', { queue, exclusive: true, durable: true });
    }),
    ...differences.map(([what, declared, again, replyCode]) =>
      onChannel(`${what} may not be declared again`, async (channel, bench) => {
        const queue = await bench.queue(channel, declared);
        channel.send('queue.declare', { ...again, queue });
        await expectRefusal(channel, replyCode, 'queue.declare');
        await channel.call('queue.declare', { ...declared, queue });
      }),
    ),
  ];
}

function lastQueueCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    ...forLastQueue.map(([method, send]) =>
      onChannel(`${method} without a queue is refused where none was declared`, async (channel) => {
        send(channel);
        await channel.expectClose(404, method);
      }),
    ),
    onChannel('a method without a queue is for the one declared last', async (channel, bench) => {
      const other = await bench.queue(channel);
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, body: 'a' });
      assert.equal((await channel.get(''))?.text, 'a');
      channel.publish({ routingKey: queue, body: 'b' });
      assert.equal((await channel.call('queue.purge')).messageCount, 1);
      const consumerTag = await consume(channel, '', { noAck: true });
      channel.publish({ routingKey: queue, body: 'c' });
      assert.equal((await channel.next('basic.deliver')).consumerTag, consumerTag);
      await channel.call('basic.cancel', { consumerTag });
      await channel.call('queue.delete');
      await expectNoQueue(channel, queue);
      await channel.call('queue.declare', { queue: other, passive: true });
    }),
    onChannel('a queue that was asked for passively is the last', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await bench.queue(channel);
      await channel.call('queue.declare', { queue, passive: true });
      await channel.call('queue.delete');
      await expectNoQueue(channel, queue);
    }),
    onConnection('the queue declared last is that of the channel', async (connection, bench) => {
      const one = await connection.channel();
      const two = await connection.channel();
      await bench.queue(one);
      two.send('basic.get');
      await two.expectClose(404, 'basic.get');
    }),
  ];
}

function noWaitCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a queue that is declared without waiting is there', async (channel, bench) => {
      const queue = bench.name();
      channel.send('queue.declare', { queue, exclusive: true, nowait: true });
      channel.send('queue.declare', { queue, passive: true, nowait: true });
      await channel.expectNothing();
      await channel.call('queue.declare', { queue, passive: true });
    }),
    onChannel('a queue that got its name without waiting is the last', async (channel) => {
      channel.send('queue.declare', { exclusive: true, nowait: true });
      const consumerTag = await consume(channel, '', { noAck: true });
      await channel.call('basic.cancel', { consumerTag });
      await channel.expectNothing();
    }),
    onChannel('a declaration without waiting is refused all the same', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      channel.send('queue.declare', { queue, durable: false, nowait: true });
      await expectRefusal(channel, 406, 'queue.declare');
      channel.send('queue.declare', { queue: bench.name(), passive: true, nowait: true });
      await channel.expectClose(404, 'queue.declare');
    }),
  ];
}

/** A queue that is neither durable nor exclusive; undefined where RabbitMQ 4.3 refuses it, as its operator may have it. */
async function transientQueue(
  connection: AmqpConnection,
  bench: Bench,
): Promise<string | undefined> {
  const channel = await connection.channel();
  const queue = bench.name('queue');
  bench.discardQueue(queue);
  channel.send('queue.declare', { queue });
  const declared = await channel.next('queue.declare-ok').catch(() => undefined);
  if (declared !== undefined) return queue;
  assert.equal(bench.profile, '4.3');
  await connection.expectClose(541, 'queue.declare');
  return undefined;
}

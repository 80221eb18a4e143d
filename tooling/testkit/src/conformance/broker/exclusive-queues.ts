import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import type { Method } from '../../amqp/methods.ts';
import { consume } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { boundQueue, drain, expectNoQueue, expectRefusal, untilNoExchange } from './topology.ts';

/** What another connection may not do with an exclusive queue, which is bound to amq.direct. */
const forbidden: readonly (readonly [
  title: string,
  method: Method,
  send: (channel: AmqpChannel, queue: string) => void,
])[] = [
  ['declare', 'queue.declare', (it, queue) => it.send('queue.declare', { queue, exclusive: true })],
  [
    'declare passively',
    'queue.declare',
    (it, queue) => it.send('queue.declare', { queue, passive: true }),
  ],
  ['bind', 'queue.bind', (it, queue) => it.send('queue.bind', { queue, exchange: 'amq.fanout' })],
  [
    'unbind',
    'queue.unbind',
    (it, queue) => it.send('queue.unbind', { queue, exchange: 'amq.direct', routingKey: queue }),
  ],
  ['purge', 'queue.purge', (it, queue) => it.send('queue.purge', { queue })],
  ['delete', 'queue.delete', (it, queue) => it.send('queue.delete', { queue })],
  ['consume from', 'basic.consume', (it, queue) => it.send('basic.consume', { queue })],
  ['get from', 'basic.get', (it, queue) => it.send('basic.get', { queue })],
];

/** Queues that belong to one connection. */
export function exclusiveQueueCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    ...forbidden.map(([title, method, send]) =>
      onChannel(
        `another connection may not ${title} an exclusive queue`,
        async (channel, bench) => {
          const queue = await bench.queue(channel);
          await channel.call('queue.bind', { queue, exchange: 'amq.direct', routingKey: queue });
          const other = await bench.channel();
          send(other, queue);
          await expectRefusal(other, 405, method);
          channel.publish({ exchange: 'amq.direct', routingKey: queue, body: 'a' });
          assert.deepEqual(await drain(channel, queue), ['a']);
        },
      ),
    ),
    onChannel('another connection may publish to an exclusive queue', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consume(channel, queue, { noAck: true });
      const other = await bench.channel();
      other.publish({ routingKey: queue, body: 'a', mandatory: true });
      assert.equal((await channel.next('basic.deliver')).text, 'a');
    }),
    onConnection(
      'all channels of a connection share its exclusive queue',
      async (connection, bench) => {
        const one = await connection.channel();
        const two = await connection.channel();
        const queue = await bench.queue(one);
        await two.call('queue.declare', { queue, exclusive: true });
        await one.call('channel.close', { replyCode: 200 });
        await two.call('queue.declare', { queue, passive: true });
      },
    ),
    onConnection(
      'an exclusive queue is gone when its connection is closed',
      async (connection, bench) => {
        const queue = await bench.queue(await connection.channel(), {
          exclusive: true,
          durable: true,
        });
        await connection.close();
        const channel = await bench.channel();
        await expectNoQueue(channel, queue);
        await channel.call('queue.declare', { queue, exclusive: true });
      },
    ),
    onConnection(
      'an exclusive queue goes with a connection that breaks off',
      async (connection, bench) => {
        const observer = await bench.channel();
        const exchange = await bench.exchange(observer, 'fanout', { autoDelete: true });
        const queue = await boundQueue(await connection.channel(), bench, { exchange });
        connection.socket.finish();
        await untilNoExchange(observer, exchange);
        await expectNoQueue(observer, queue);
      },
    ),
  ];
}

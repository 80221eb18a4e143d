import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { encodeMethod } from '../../amqp/codec.ts';
import { encodeFrame, frameType, headerFrame } from '../../amqp/frames.ts';
import { consume, fill, hold } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Opening and closing channels. */
export function channelCases(suite: Suite): BrokerCase[] {
  return [
    ...openCases(suite),
    ...closeCases(suite),
    ...closedByBrokerCases(suite),
    ...refusedCases(suite),
  ];
}

function openCases({ onConnection, onChannel }: Suite): BrokerCase[] {
  const unopened: readonly (readonly [method: string, say: (channel: AmqpChannel) => void])[] = [
    ['basic.qos', (channel) => channel.send('basic.qos')],
    ['channel.close', (channel) => channel.send('channel.close', { replyCode: 200 })],
    ['channel.close-ok', (channel) => channel.send('channel.close-ok')],
    ['connection.close', (channel) => channel.send('connection.close', { replyCode: 200 })],
  ];
  return [
    onConnection('channels do not share what befalls them', async (connection, bench) => {
      const failing = await connection.channel();
      const other = await connection.channel();
      failing.send('queue.declare', { queue: bench.name(), passive: true });
      await failing.expectClose(404, 'queue.declare');
      await other.expectNothing();
    }),
    onConnection('two thousand channels may be open', async (connection) => {
      const numbers = Array.from({ length: 2000 }, (_, index) => index + 1);
      for (const number of numbers) connection.socket.channel(number).send('channel.open');
      for (const number of numbers) await connection.socket.channel(number).next('channel.open-ok');
    }),
    onConnection('a channel that is open may not be opened', async (connection) => {
      const channel = await connection.channel();
      channel.send('channel.open');
      await connection.expectClose(504, 'channel.open');
    }),
    ...unopened.map(([method, say]) =>
      onConnection(
        `${method} on a channel that is not open closes with 504`,
        async (connection) => {
          say(connection.socket.channel(9));
          await connection.expectClose(504, method);
        },
      ),
    ),
    ...[headerFrame(9, 0, Buffer.of(0, 0)), encodeFrame(frameType.body, 9, Buffer.of(1))].map(
      (frame, index) =>
        onConnection(
          `a ${['header', 'body'][index]} on a channel that is not open closes with 505`,
          async (connection) => {
            connection.socket.write(frame);
            await connection.expectClose(505, 'none');
          },
        ),
    ),
    onChannel('access.request is granted', async (channel) => {
      assert.equal((await channel.call('access.request', { realm: '/data' })).ticket, 1);
    }),
    onChannel('channel.flow may be turned on', async (channel) => {
      assert.equal((await channel.call('channel.flow', { active: true })).active, true);
    }),
  ];
}

function closeCases({ onConnection, onChannel }: Suite): BrokerCase[] {
  return [
    onConnection('a number may be opened again after it was closed', async (connection) => {
      const channel = await connection.channel(7);
      await channel.call('channel.close', { replyCode: 200 });
      await connection.channel(7);
      await channel.settle();
    }),
    onChannel('a client may close with any code and for any method', async (channel) => {
      await channel.call('channel.close', { replyCode: 5, replyText: 'done', methodId: 9 });
    }),
    onConnection('what follows a close at once is ignored', async (connection) => {
      const channel = await connection.channel(1);
      // In one write: what comes when the channel is gone is an error.
      connection.socket.write(
        encodeMethod(1, 'channel.close', { replyCode: 200 }),
        encodeMethod(1, 'basic.qos', {}),
      );
      await channel.next('channel.close-ok');
      await channel.call('channel.open');
      await channel.expectNothing();
    }),
    onConnection('a channel that was closed may not be closed again', async (connection) => {
      const channel = await connection.channel();
      await channel.call('channel.close', { replyCode: 200 });
      channel.send('channel.close', { replyCode: 200 });
      await connection.expectClose(504, 'channel.close');
    }),
    onConnection('the consumers of a channel end with it', async (connection, bench) => {
      const channel = await connection.channel();
      const other = await connection.channel();
      const queue = await bench.queue(other);
      await consume(channel, queue);
      assert.equal((await other.call('queue.declare', { queue, passive: true })).consumerCount, 1);
      await channel.call('channel.close', { replyCode: 200 });
      assert.equal((await other.call('queue.declare', { queue, passive: true })).consumerCount, 0);
    }),
    onChannel('unacked messages go back when the channel closes', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a', 'b']);
      await hold(channel, queue, 1);
      await channel.call('channel.close', { replyCode: 200 });
      await channel.call('channel.open');
      const first = await channel.get(queue);
      assert.deepEqual([first?.text, first?.redelivered, first?.deliveryTag], ['a', true, 1]);
      assert.equal((await channel.get(queue))?.redelivered, false);
    }),
    onChannel('a channel starts anew when it is opened again', async (channel, bench) => {
      await channel.call('confirm.select');
      await bench.queue(channel);
      await channel.call('channel.close', { replyCode: 200 });
      await channel.call('channel.open');
      // Neither confirms nor the name of the last queue are left.
      channel.publish({ routingKey: bench.name() });
      await channel.expectNothing();
      await channel.call('tx.select');
      channel.send('queue.purge');
      await channel.expectClose(404, 'queue.purge');
    }),
  ];
}

function closedByBrokerCases({ onConnection, onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a number may be opened again after the broker closed it', async (channel, bench) => {
      channel.send('queue.declare', { queue: bench.name(), passive: true });
      await channel.expectClose(404, 'queue.declare');
      await channel.call('channel.open');
      await channel.expectNothing();
    }),
    onChannel('what is said before close-ok is ignored', async (channel, bench) => {
      const missing = { queue: bench.name(), passive: true };
      const queue = await bench.queue(channel);
      channel.send('queue.declare', missing);
      await channel.next('channel.close');
      channel.send('basic.qos');
      channel.send('queue.declare', missing);
      channel.publish({ routingKey: queue, body: 'lost' });
      channel.send('channel.close-ok');
      await channel.call('channel.open');
      await channel.expectNothing();
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('methods sent together end at the one that fails', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, body: 'before' });
      channel.publish({ exchange: bench.name(), body: 'fails' });
      channel.publish({ routingKey: queue, body: 'after' });
      await channel.expectClose(404, 'basic.publish');
      await channel.call('channel.open');
      assert.equal((await channel.get(queue))?.text, 'before');
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('a close that crosses that of the broker is answered', async (channel, bench) => {
      channel.send('queue.declare', { queue: bench.name(), passive: true });
      await channel.next('channel.close');
      await channel.call('channel.close', { replyCode: 200 });
      channel.send('channel.close-ok');
      await channel.call('channel.open');
      await channel.expectNothing();
    }),
    onConnection('a channel may not be opened before close-ok', async (connection, bench) => {
      const channel = await connection.channel();
      channel.send('queue.declare', { queue: bench.name(), passive: true });
      await channel.next('channel.close');
      channel.send('channel.open');
      await connection.expectClose(504, 'channel.open');
    }),
    onChannel('the reply text names what failed', async (channel, bench) => {
      const queue = bench.name();
      channel.send('queue.declare', { queue, passive: true });
      const { replyText } = await channel.expectClose(404);
      assert.ok(replyText?.startsWith('NOT_FOUND - ') && replyText.includes(queue), replyText);
    }),
  ];
}

function refusedCases({ onConnection }: Suite): BrokerCase[] {
  const fromServer: readonly (readonly [method: string, say: (channel: AmqpChannel) => void])[] = [
    ['channel.flow-ok', (channel) => channel.send('channel.flow-ok', { active: true })],
    ['channel.close-ok', (channel) => channel.send('channel.close-ok')],
    ['basic.consume-ok', (channel) => channel.send('basic.consume-ok', { consumerTag: 'x' })],
    [
      'queue.declare-ok',
      (channel) =>
        channel.send('queue.declare-ok', { queue: 'q', messageCount: 0, consumerCount: 0 }),
    ],
  ];
  return [
    onConnection('channel.flow may not be turned off', async (connection) => {
      const channel = await connection.channel();
      channel.send('channel.flow', { active: false });
      await connection.expectClose(540, 'channel.flow');
    }),
    ...fromServer.map(([method, say]) =>
      onConnection(`${method} from a client closes the connection with 503`, async (connection) => {
        say(await connection.channel());
        await connection.expectClose(503, method);
      }),
    ),
  ];
}

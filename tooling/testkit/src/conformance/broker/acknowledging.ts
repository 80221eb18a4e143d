import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import type { Methods } from '../../amqp/methods.ts';
import { type Bench, bodiesOf, consume, fill, hold } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** The ways to settle a message. */
const settlings = ['basic.ack', 'basic.nack', 'basic.reject'] as const;

/** What is settled of the messages a, b, c with the tags 1, 2, 3, and what comes back when the channel closes. */
const acks: readonly (readonly [
  what: string,
  ack: Methods['basic.ack'],
  left: readonly string[],
])[] = [
  ['one message', { deliveryTag: 2 }, ['a', 'c']],
  ['a message and those before it', { deliveryTag: 2, multiple: true }, ['c']],
  ['all messages, by the last one', { deliveryTag: 3, multiple: true }, []],
  ['all messages, by tag 0', { deliveryTag: 0, multiple: true }, []],
];

/** Gives the channel the messages a, b, c of a queue, not acked. Their tags are 1, 2, 3. */
async function withThree(channel: AmqpChannel, bench: Bench): Promise<string> {
  const queue = await bench.queue(channel);
  await fill(channel, queue, ['a', 'b', 'c']);
  await hold(channel, queue, 3);
  return queue;
}

/** What comes back to the queue when the channel is closed; the channel is open again then. */
async function leftIn(channel: AmqpChannel, queue: string): Promise<string[]> {
  await channel.call('channel.close', { replyCode: 200 });
  await channel.call('channel.open');
  const { messageCount } = await channel.call('queue.declare', { queue, passive: true });
  await consume(channel, queue, { noAck: true });
  return await bodiesOf(channel, messageCount);
}

/** Acks, nacks and rejects: what they settle, and which are refused. */
export function acknowledgingCases(suite: Suite): BrokerCase[] {
  return [...settlingCases(suite), ...refusalCases(suite)];
}

function settlingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...acks.flatMap(([what, fields, left]) => [
      onChannel(`an ack settles ${what}`, async (channel, bench) => {
        const queue = await withThree(channel, bench);
        channel.send('basic.ack', fields);
        assert.deepEqual(await leftIn(channel, queue), left);
      }),
      onChannel(`a nack without requeue drops ${what}`, async (channel, bench) => {
        const queue = await withThree(channel, bench);
        channel.send('basic.nack', fields);
        assert.deepEqual(await leftIn(channel, queue), left);
      }),
    ]),
    onChannel('a reject without requeue drops one message', async (channel, bench) => {
      const queue = await withThree(channel, bench);
      channel.send('basic.reject', { deliveryTag: 2 });
      assert.deepEqual(await leftIn(channel, queue), ['a', 'c']);
    }),
    onChannel('a multiple ack passes over what is settled before it', async (channel, bench) => {
      const queue = await withThree(channel, bench);
      channel.send('basic.ack', { deliveryTag: 2 });
      channel.send('basic.ack', { deliveryTag: 3, multiple: true });
      assert.deepEqual(await leftIn(channel, queue), []);
    }),
    onChannel('a multiple ack settles messages of several queues', async (channel, bench) => {
      const first = await withThree(channel, bench);
      const second = await withThree(channel, bench);
      channel.send('basic.ack', { deliveryTag: 5, multiple: true });
      assert.deepEqual(await leftIn(channel, first), []);
      assert.deepEqual(await leftIn(channel, second), ['c']);
    }),
    onChannel('tag 0 may settle nothing, if it is multiple', async (channel) => {
      channel.send('basic.ack', { deliveryTag: 0, multiple: true });
      channel.send('basic.nack', { deliveryTag: 0, multiple: true, requeue: true });
      await channel.expectNothing();
    }),
  ];
}

function refusalCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    ...settlings.flatMap((method) => [
      onChannel(`${method} refuses a tag that never was`, async (channel, bench) => {
        await withThree(channel, bench);
        channel.send(method, { deliveryTag: 4 });
        await channel.expectClose(406, method);
      }),
      onChannel(`${method} refuses tag 0 if it is not multiple`, async (channel, bench) => {
        await withThree(channel, bench);
        channel.send(method, { deliveryTag: 0 });
        await channel.expectClose(406, method);
      }),
      onChannel(`${method} refuses a tag that is settled`, async (channel, bench) => {
        await withThree(channel, bench);
        channel.send('basic.ack', { deliveryTag: 2 });
        channel.send(method, { deliveryTag: 2 });
        await channel.expectClose(406, method);
      }),
    ]),
    onChannel('a multiple ack refuses a tag that never was', async (channel, bench) => {
      await withThree(channel, bench);
      channel.send('basic.ack', { deliveryTag: 4, multiple: true });
      await channel.expectClose(406, 'basic.ack');
    }),
    onChannel('a multiple ack refuses a tag below all that are open', async (channel, bench) => {
      await withThree(channel, bench);
      channel.send('basic.ack', { deliveryTag: 2, multiple: true });
      channel.send('basic.ack', { deliveryTag: 1, multiple: true });
      await channel.expectClose(406, 'basic.ack');
    }),
    onChannel('what was delivered with no-ack may not be acked', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      await channel.get(queue, { noAck: true });
      channel.send('basic.ack', { deliveryTag: 1 });
      await channel.expectClose(406, 'basic.ack');
    }),
    onConnection('a tag of another channel is refused', async (connection, bench) => {
      const [first, second] = [await connection.channel(), await connection.channel()];
      const queue = await withThree(first, bench);
      second.send('basic.ack', { deliveryTag: 1 });
      await second.expectClose(406, 'basic.ack');
      assert.deepEqual(await leftIn(first, queue), ['a', 'b', 'c']);
    }),
    onChannel('a refused ack gives back all that is not settled', async (channel, bench) => {
      const queue = await withThree(channel, bench);
      channel.send('basic.ack', { deliveryTag: 1 });
      channel.send('basic.ack', { deliveryTag: 1 });
      await channel.expectClose(406, 'basic.ack');
      await channel.call('channel.open');
      await consume(channel, queue);
      assert.deepEqual(await bodiesOf(channel, 2), ['b', 'c']);
    }),
  ];
}

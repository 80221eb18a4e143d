import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { typed, type Value } from '../../amqp/values.ts';
import { consume, fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Starts a consumer of that priority, its tag its name. */
async function consumeAs(
  channel: AmqpChannel,
  queue: string,
  consumerTag: string,
  priority: Value,
): Promise<void> {
  await consume(channel, queue, { consumerTag, arguments: { 'x-priority': priority } });
}

/** Puts messages into a queue, and gives the consumers that got them, in order. */
async function served(channel: AmqpChannel, queue: string, count: number): Promise<string[]> {
  await fill(channel, queue, Array.from({ length: count }, String));
  const messages = await channel.take('basic.deliver', count);
  return messages.map(({ consumerTag }) => consumerTag);
}

const wrong: readonly (readonly [what: string, priority: Value])[] = [
  ['a string', '5'],
  ['a fraction', 1.5],
  ['a boolean', true],
  ['a table', {}],
];

const whole: readonly (readonly [what: string, priority: Value])[] = [
  ['8 bits', typed.int8(1)],
  ['16 bits', typed.int16(1)],
  ['32 bits', typed.int32(1)],
  ['64 bits', typed.int64(1n)],
];

/** Consumers that are served before others. */
export function consumerPriorityCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel(
      'the consumer of the highest priority gets all it has room for',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        await consumeAs(channel, queue, 'low', 1);
        await consumeAs(channel, queue, 'high', 10);
        await consumeAs(channel, queue, 'middle', 5);
        assert.deepEqual(await served(channel, queue, 4), ['high', 'high', 'high', 'high']);
      },
    ),
    onChannel('the next consumer gets what the highest has no room for', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('basic.qos', { prefetchCount: 2 });
      await consumeAs(channel, queue, 'low', 1);
      await consumeAs(channel, queue, 'high', 10);
      assert.deepEqual(await served(channel, queue, 3), ['high', 'high', 'low']);
      channel.send('basic.ack', { deliveryTag: 1 });
      assert.deepEqual(await served(channel, queue, 1), ['high']);
    }),
    onChannel('consumers of the same priority take turns', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consumeAs(channel, queue, '1', 5);
      await consumeAs(channel, queue, 'low', 1);
      await consumeAs(channel, queue, '2', 5);
      assert.deepEqual(await served(channel, queue, 4), ['1', '2', '1', '2']);
    }),
    onChannel(
      'a consumer without a priority has 0, and others may have less',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        await consumeAs(channel, queue, 'below', -1);
        await consume(channel, queue, { consumerTag: 'plain' });
        await consumeAs(channel, queue, 'zero', 0);
        assert.deepEqual(await served(channel, queue, 4), ['plain', 'zero', 'plain', 'zero']);
      },
    ),
    onChannel(
      'the next consumer takes over when the highest is cancelled',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        await consumeAs(channel, queue, 'low', 1);
        await consumeAs(channel, queue, 'high', 10);
        assert.deepEqual(await served(channel, queue, 1), ['high']);
        await channel.call('basic.cancel', { consumerTag: 'high' });
        assert.deepEqual(await served(channel, queue, 2), ['low', 'low']);
      },
    ),
    ...whole.map(([what, priority]) =>
      onChannel(`a priority may be a whole number of ${what}`, async (channel, bench) => {
        const queue = await bench.queue(channel);
        await consumeAs(channel, queue, 'plain', 0);
        await consumeAs(channel, queue, 'high', priority);
        assert.deepEqual(await served(channel, queue, 2), ['high', 'high']);
      }),
    ),
    ...wrong.map(([what, priority]) =>
      onChannel(`a priority may not be ${what}`, async (channel, bench) => {
        const queue = await bench.queue(channel);
        channel.send('basic.consume', { queue, arguments: { 'x-priority': priority } });
        await channel.expectClose(406, 'basic.consume');
      }),
    ),
  ];
}

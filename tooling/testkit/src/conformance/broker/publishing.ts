import assert from 'node:assert/strict';
import { encodeMethod } from '../../amqp/codec.ts';
import { bodyFrames, encodeFrame, frameType, headerFrame } from '../../amqp/frames.ts';
import { encodeProperties, type Properties } from '../../amqp/properties.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Large enough for every profile, and small enough that few bytes make several frames. */
const FRAME_MAX = 8192;

/** Flags of no property at all. */
const NO_PROPERTIES = encodeProperties({});

/** Sizes of bodies around the limits of a frame, which holds 8 bytes less than `FRAME_MAX`, and the frames they come in. */
const bodies: readonly (readonly [size: number, frames: readonly number[]])[] = [
  [0, []],
  [1, [1]],
  [8183, [8183]],
  [8184, [8184]],
  [8185, [8184, 1]],
  [16_368, [8184, 8184]],
  [16_369, [8184, 8184, 1]],
];

const propertySets: readonly (readonly [what: string, properties: Properties])[] = [
  ['no properties', {}],
  ['empty properties', { contentType: '', headers: {}, appId: '' }],
];

/** What of a message reaches its queues. */
export function publishingCases(suite: Suite): BrokerCase[] {
  return [
    ...routingCases(suite),
    ...carbonCopyCases(suite),
    ...contentCases(suite),
    ...orderCases(suite),
  ];
}

function routingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('the default exchange leads to the queue of that name', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, body: 'a' });
      const message = await channel.get(queue);
      assert.equal(message?.exchange, '');
      assert.equal(message.routingKey, queue);
      assert.equal(message.text, 'a');
    }),
    onChannel(
      'a message names the exchange and key it was published with',
      async (channel, bench) => {
        const exchange = await bench.exchange(channel, 'topic');
        const queue = await bench.queue(channel);
        await channel.call('queue.bind', { queue, exchange, routingKey: '#' });
        channel.publish({ exchange, routingKey: 'some.key' });
        const message = await channel.get(queue);
        assert.equal(message?.exchange, exchange);
        assert.equal(message.routingKey, 'some.key');
      },
    ),
    onChannel('a routing key may have 255 bytes', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      const queue = await bench.queue(channel);
      const routingKey = 'k'.repeat(255);
      await channel.call('queue.bind', { queue, exchange, routingKey });
      channel.publish({ exchange, routingKey });
      assert.equal((await channel.get(queue))?.routingKey, routingKey);
    }),
    onChannel('a message without a queue is dropped', async (channel, bench) => {
      channel.publish({ routingKey: bench.name(), body: 'lost' });
      await channel.expectNothing();
    }),
  ];
}

function carbonCopyCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('CC names further routing keys, and is delivered', async (channel, bench) => {
      const [first, second, third] = [
        await bench.queue(channel),
        await bench.queue(channel),
        await bench.queue(channel),
      ];
      channel.publish({ routingKey: first, properties: { headers: { CC: [second, third] } } });
      for (const queue of [first, second, third]) {
        const message = await channel.get(queue);
        assert.equal(message?.routingKey, first);
        assert.deepEqual(message.properties.headers, { CC: [second, third] });
      }
    }),
    onChannel('BCC names further routing keys, and is not delivered', async (channel, bench) => {
      const [queue, hidden] = [await bench.queue(channel), await bench.queue(channel)];
      channel.publish({ routingKey: queue, properties: { headers: { BCC: [hidden], mine: 'x' } } });
      for (const name of [queue, hidden])
        assert.deepEqual((await channel.get(name))?.properties.headers, { mine: 'x' });
    }),
    onChannel('a queue that key, CC and BCC name gets a message once', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const headers = { CC: [queue, queue], BCC: [queue] };
      channel.publish({ routingKey: queue, properties: { headers } });
      assert.notEqual(await channel.get(queue), undefined);
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('CC passes over what is no string', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ properties: { headers: { CC: [1, queue, true] } }, routingKey: '' });
      assert.notEqual(await channel.get(queue), undefined);
    }),
  ];
}

function contentCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    ...propertySets.map(([what, properties]) =>
      onChannel(`${what} arrive as the bytes that were sent`, async (channel, bench) => {
        const queue = await bench.queue(channel);
        const bytes = encodeProperties(properties);
        channel.publish({ routingKey: queue, properties: bytes, body: 'x' });
        assert.deepEqual((await channel.get(queue))?.rawProperties, bytes);
      }),
    ),
    ...bodies.map(([size, frames]) =>
      onChannel(`a body of ${size} bytes comes in its frames`, async (_, bench) => {
        const channel = await bench.channel({ frameMax: FRAME_MAX });
        const queue = await bench.queue(channel);
        const body = Buffer.from(Array.from({ length: size }, (_byte, index) => index));
        channel.publish({ routingKey: queue, body });
        const message = await channel.get(queue);
        assert.deepEqual(message?.bodyFrames, frames);
        assert.deepEqual(message.body, body);
      }),
    ),
    onConnection('a body may come in frames of any size', async (connection, bench) => {
      const channel = await connection.channel();
      const queue = await bench.queue(channel);
      const pieces = ['a', 'bc', '', 'def'].map((text) => Buffer.from(text));
      connection.socket.write(
        encodeMethod(channel.number, 'basic.publish', { routingKey: queue }),
        headerFrame(channel.number, 6, NO_PROPERTIES),
        ...pieces.map((piece) => encodeFrame(frameType.body, channel.number, piece)),
      );
      const message = await channel.get(queue);
      assert.equal(message?.text, 'abcdef');
      assert.deepEqual(message.bodyFrames, [6]);
    }),
  ];
}

function orderCases({ onConnection }: Suite): BrokerCase[] {
  return [
    onConnection(
      'what several channels publish keeps the order of each',
      async (connection, bench) => {
        const channels = [await connection.channel(), await connection.channel()] as const;
        const queue = await bench.queue(channels[0]);
        for (let index = 0; index < 100; index++)
          for (const channel of channels)
            channel.publish({ routingKey: queue, body: `${channel.number} ${index}` });
        for (const channel of channels) await channel.settle(queue);
        await channels[0].call('basic.consume', { queue, noAck: true });
        const texts = (await channels[0].take('basic.deliver', 200)).map(({ text }) => text);
        for (const { number } of channels)
          assert.deepEqual(
            texts.filter((text) => text.startsWith(`${number} `)),
            Array.from({ length: 100 }, (_, index) => `${number} ${index}`),
          );
      },
    ),
    onConnection(
      'messages of several channels may mix frame by frame',
      async (connection, bench) => {
        const channels = [await connection.channel(), await connection.channel()] as const;
        const queues = [await bench.queue(channels[0]), await bench.queue(channels[1])] as const;
        const [first, second] = channels.map(({ number }, index) => [
          encodeMethod(number, 'basic.publish', { routingKey: queues[index] }),
          headerFrame(number, 3, NO_PROPERTIES),
          ...bodyFrames(number, Buffer.from(`${number}..`), 9),
        ]);
        connection.socket.write(
          ...(first ?? []).flatMap((frame, index) => [frame, second?.[index] ?? frame]),
        );
        for (const [index, channel] of channels.entries())
          assert.equal((await channel.get(queues[index] ?? ''))?.text, `${channel.number}..`);
      },
    ),
  ];
}

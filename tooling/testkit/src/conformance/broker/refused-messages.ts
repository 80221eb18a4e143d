import assert from 'node:assert/strict';
import type { Publication } from '../../amqp/channel.ts';
import { encodeMethod } from '../../amqp/codec.ts';
import { encodeFrame, frameType, headerFrame } from '../../amqp/frames.ts';
import { encodeProperties } from '../../amqp/properties.ts';
import { fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Messages for which the channel is closed with 406. */
const refused: readonly (readonly [what: string, message: Publication])[] = [
  ['CC that is a string', { properties: { headers: { CC: 'queue' } } }],
  ['CC that is a table', { properties: { headers: { CC: { queue: 'queue' } } } }],
  ['BCC that is a string', { properties: { headers: { BCC: 'queue' } } }],
  ['BCC that is a number', { properties: { headers: { BCC: 1 } } }],
  ['the id of another user', { properties: { userId: 'somebody else' } }],
  ['the id of no user', { properties: { userId: '' } }],
  ['an empty expiration', { properties: { expiration: '' } }],
  ['an expiration in words', { properties: { expiration: 'soon' } }],
  ['an expiration before now', { properties: { expiration: '-1' } }],
  ['an expiration with a fraction', { properties: { expiration: '1.5' } }],
  ['an expiration with something behind', { properties: { expiration: '100ms' } }],
  ['an expiration with a space in front', { properties: { expiration: ' 100' } }],
  ['an expiration in more than 3650 days', { properties: { expiration: '315360000001' } }],
];

/** Expirations that are taken. */
const expirations = ['60000', '060000', '+60000', '4294967296', '315360000000'];

/** Messages that the broker closes the channel or the connection for. */
export function refusedMessageCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    onChannel('a message to an exchange that does not exist is refused', async (channel, bench) => {
      channel.publish({ exchange: bench.name(), routingKey: 'a', body: 'x' });
      await channel.expectClose(404, 'basic.publish');
    }),
    onChannel('a message to an internal exchange is refused', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout', { internal: true });
      channel.publish({ exchange });
      await channel.expectClose(403, 'basic.publish');
    }),
    onConnection('an immediate message is not implemented', async (connection) => {
      const channel = await connection.channel();
      channel.publish({ routingKey: 'a', immediate: true });
      await connection.expectClose(540, 'basic.publish');
    }),
    ...refused.map(([what, message]) =>
      onChannel(`a message with ${what} is refused`, async (channel, bench) => {
        const queue = await bench.queue(channel);
        channel.publish({ ...message, routingKey: queue });
        await channel.expectClose(406, 'basic.publish');
        await channel.call('channel.open');
        assert.equal(await channel.get(queue), undefined);
      }),
    ),
    ...expirations.map((expiration) =>
      onChannel(`an expiration of ${expiration} is taken`, async (channel, bench) => {
        const queue = await bench.queue(channel);
        channel.publish({ routingKey: queue, properties: { expiration } });
        // From 4.0 on it is written anew.
        const delivered = bench.profile === '3.10' ? expiration : String(Number(expiration));
        assert.equal((await channel.get(queue))?.properties.expiration, delivered);
      }),
    ),
    onChannel('the id of the user who publishes is taken', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const userId = decodeURIComponent(new URL(bench.url).username) || 'guest';
      channel.publish({ routingKey: queue, properties: { userId } });
      assert.equal((await channel.get(queue))?.properties.userId, userId);
    }),
    onChannel(
      'a delivery mode that is neither 1 nor 2 is refused by 3.10 only',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        channel.publish({ routingKey: queue, properties: { deliveryMode: 7 } });
        if (bench.profile === '3.10') await channel.expectClose(406, 'basic.publish');
        else assert.equal((await channel.get(queue))?.properties.deliveryMode, 7);
      },
    ),
    onConnection(
      'a body of more bytes than the broker takes is refused',
      async (connection, bench) => {
        const channel = await connection.channel();
        const queue = await bench.queue(channel);
        const size = bench.profile === '3.10' ? 134_217_728 : 16_777_216;
        const frame = encodeFrame(frameType.body, channel.number, Buffer.alloc(131_064));
        const frames = Math.floor(size / 131_064);
        const rest = Buffer.alloc(size + 1 - frames * 131_064);
        const { socket } = connection;
        socket.write(
          encodeMethod(channel.number, 'basic.publish', { routingKey: queue }),
          headerFrame(channel.number, size + 1, encodeProperties({})),
        );
        for (let sent = 0; sent < frames; sent++) await socket.writeInPieces(frame, frame.length);
        socket.write(encodeFrame(frameType.body, channel.number, rest));
        await channel.expectClose(406, 'basic.publish');
      },
    ),
    onChannel('messages behind a refused one are dropped', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, body: 'before' });
      channel.publish({ exchange: bench.name() });
      channel.publish({ routingKey: queue, body: 'behind' });
      await channel.expectClose(404, 'basic.publish');
      await channel.call('channel.open');
      assert.equal((await channel.get(queue))?.text, 'before');
      assert.equal(await channel.get(queue), undefined);
    }),
    onConnection('a refused message leaves other channels alone', async (connection, bench) => {
      const [bad, good] = [await connection.channel(), await connection.channel()];
      const queue = await bench.queue(good);
      bad.publish({ exchange: bench.name() });
      await fill(good, queue, ['a']);
      await bad.expectClose(404, 'basic.publish');
      assert.equal((await good.get(queue))?.text, 'a');
    }),
  ];
}

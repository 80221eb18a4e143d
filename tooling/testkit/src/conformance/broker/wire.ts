import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { encodeMethod } from '../../amqp/codec.ts';
import { encodeFrame, frameType, headerFrame } from '../../amqp/frames.ts';
import { encodeProperties, type Properties } from '../../amqp/properties.ts';
import { type Bench, consume } from './bench.ts';
import { getOne } from './letters.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { tableCases } from './tables.ts';

/** 255 bytes, the most that a short string holds. */
const LONGEST = 'x'.repeat(255);

/** Every property but the user, who is not the same everywhere. */
const properties: Properties = {
  contentType: 'text/plain',
  contentEncoding: 'gzip',
  headers: { one: 1 },
  deliveryMode: 2,
  priority: 255,
  correlationId: 'correlation',
  replyTo: 'reply',
  expiration: '600000',
  messageId: 'message',
  timestamp: 18_446_744_073_709,
  type: 'type',
  appId: 'app',
  clusterId: 'cluster',
};

/** Properties that are short strings. */
const texts = [
  'contentType',
  'contentEncoding',
  'correlationId',
  'replyTo',
  'messageId',
  'type',
  'appId',
  'clusterId',
] as const;

/** Sizes of bodies, in bytes, and the frames they are delivered in where frames hold 8192. */
const bodies = [
  { size: 0, frames: [] },
  { size: 1, frames: [1] },
  { size: 8184, frames: [8184] },
  { size: 8185, frames: [8184, 1] },
  { size: 16_368, frames: [8184, 8184] },
];

/** What messages carry, and the frames they come in. */
export function wireCases(suite: Suite): BrokerCase[] {
  return [...propertyCases(suite), ...nameCases(suite), ...bodyCases(suite), ...tableCases(suite)];
}

function propertyCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('all properties arrive as the bytes that were sent', async (channel, bench) => {
      const { username } = new URL(bench.url);
      const userId = decodeURIComponent(username) || 'guest';
      await assertKept(channel, bench, encodeProperties({ ...properties, userId }));
    }),
    ...Object.entries(properties).map(([name, value]) =>
      onChannel(`${name} arrives alone`, async (channel, bench) => {
        await assertKept(channel, bench, encodeProperties({ [name]: value }));
      }),
    ),
    onChannel('a message may have no properties', async (channel, bench) => {
      await assertKept(channel, bench, encodeProperties({}));
    }),
    onChannel('texts may be as long as 255 bytes', async (channel, bench) => {
      const long = Object.fromEntries(texts.map((name) => [name, LONGEST]));
      await assertKept(channel, bench, encodeProperties(long));
    }),
    onChannel('texts may be empty', async (channel, bench) => {
      const empty = Object.fromEntries(texts.map((name) => [name, '']));
      await assertKept(channel, bench, encodeProperties(empty));
    }),
    onChannel('a text may be any bytes', async (channel, bench) => {
      // The flag of message-id, the length, and bytes that are no UTF-8.
      await assertKept(channel, bench, Buffer.of(0x00, 0x80, 3, 0xff, 0x00, 0xfe));
    }),
    onChannel('a timestamp may use all of its 64 bits', async (channel, bench) => {
      await assertKept(channel, bench, Buffer.from(`0040${'ff'.repeat(8)}`, 'hex'));
    }),
  ];
}

function nameCases({ onChannel }: Suite): BrokerCase[] {
  const names = [
    { title: 'beyond ASCII', tail: '-größe-日本-🐇' },
    { title: 'with spaces and a null', tail: ' a b\0c\t' },
  ];
  return [
    ...names.map(({ title, tail }) =>
      onChannel(`names and keys may be ${title}`, async (channel, bench) => {
        await assertRouted(channel, bench, (kind) => `${bench.name(kind)}${tail}`);
      }),
    ),
    onChannel('names and keys may be 255 bytes long', async (channel, bench) => {
      await assertRouted(channel, bench, (kind) => bench.name(kind).padEnd(255, 'x'));
    }),
  ];
}

function bodyCases({ onConnection, onChannel }: Suite): BrokerCase[] {
  return [
    ...bodies.map(({ size, frames }) =>
      onChannel(`a body of ${size} bytes comes in ${frames.length} frames`, async (_, bench) => {
        const channel = await bench.channel({ frameMax: 8192 });
        const queue = await bench.queue(channel);
        const body = counted(size);
        channel.publish({ routingKey: queue, body });
        const message = await getOne(channel, queue);
        assert.deepEqual(message.body, body);
        assert.deepEqual(message.bodyFrames, frames);
      }),
    ),
    onChannel('a body of 1 MiB arrives', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const body = counted(1024 * 1024);
      await consume(channel, queue, { noAck: true });
      channel.publish({ routingKey: queue, body });
      assert.deepEqual((await channel.next('basic.deliver')).body, body);
    }),
    onConnection('a body may come in frames of one byte', async (connection, bench) => {
      const channel = await connection.channel();
      const queue = await bench.queue(channel);
      const body = counted(1000);
      const one = (byte: number): Buffer =>
        encodeFrame(frameType.body, channel.number, Buffer.of(byte));
      connection.socket.write(
        encodeMethod(channel.number, 'basic.publish', { routingKey: queue }),
        headerFrame(channel.number, body.length, encodeProperties({})),
        ...Array.from(body, one),
      );
      const message = await getOne(channel, queue);
      assert.deepEqual(message.body, body);
      assert.deepEqual(message.bodyFrames, [1000]);
    }),
    onConnection('a message may arrive one byte at a time', async (connection, bench) => {
      const channel = await connection.channel();
      const queue = await bench.queue(channel);
      const message = Buffer.concat([
        encodeMethod(channel.number, 'basic.publish', { routingKey: queue }),
        headerFrame(channel.number, 4, encodeProperties({ headers: { one: 1 } })),
        encodeFrame(frameType.body, channel.number, Buffer.from('body')),
      ]);
      await connection.socket.writeInPieces(message, 1);
      assert.equal((await getOne(channel, queue)).text, 'body');
    }),
    onChannel('a body is delivered in frames of the size agreed upon', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, body: Buffer.alloc(300_000) });
      const message = await channel.get(queue);
      assert.deepEqual(message?.bodyFrames, [131_064, 131_064, 37_872]);
    }),
  ];
}

/** Bytes of every value. */
function counted(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => index % 256));
}

/** A message with these properties must be got with the same, and be delivered so. */
async function assertKept(channel: AmqpChannel, bench: Bench, sent: Uint8Array): Promise<void> {
  const queue = await bench.queue(channel);
  channel.publish({ routingKey: queue, properties: sent });
  assert.deepEqual((await getOne(channel, queue)).rawProperties, sent);
  await consume(channel, queue);
  channel.publish({ routingKey: queue, properties: sent });
  assert.deepEqual((await channel.next('basic.deliver')).rawProperties, sent);
}

/** An exchange, a queue and a key of such names must do together, and be told as they are. */
async function assertRouted(
  channel: AmqpChannel,
  bench: Bench,
  nameOf: (kind: string) => string,
): Promise<void> {
  const [exchange, queue, routingKey, consumerTag] = [
    nameOf('exchange'),
    nameOf('queue'),
    nameOf('key'),
    nameOf('tag'),
  ];
  bench.discardExchange(exchange);
  await channel.call('exchange.declare', { exchange, type: 'direct' });
  const declared = await channel.call('queue.declare', { queue, exclusive: true });
  assert.equal(declared.queue, queue);
  await channel.call('queue.bind', { queue, exchange, routingKey });
  assert.equal(await consume(channel, queue, { consumerTag }), consumerTag);
  channel.publish({ exchange, routingKey });
  const delivery = await channel.next('basic.deliver');
  assert.deepEqual(
    [delivery.exchange, delivery.routingKey, delivery.consumerTag],
    [exchange, routingKey, consumerTag],
  );
}

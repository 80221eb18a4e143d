import assert from 'node:assert/strict';
import { encodeMethod } from '../../amqp/codec.ts';
import type { AmqpConnection } from '../../amqp/connection.ts';
import { encodeFrame, frameType, headerFrame } from '../../amqp/frames.ts';
import type { BrokerCase, Suite } from './suite.ts';

const noProperties = Buffer.of(0, 0);
const publish = encodeMethod(1, 'basic.publish', { routingKey: 'nowhere', mandatory: true });
const qos = encodeMethod(1, 'basic.qos', {});
const body = (text: string): Buffer => encodeFrame(frameType.body, 1, Buffer.from(text));
const header = (size: number): Buffer => headerFrame(1, size, noProperties);

/** Frames that are malformed, or not in their place. */
export function frameCases(suite: Suite): BrokerCase[] {
  return [...contentCases(suite), ...malformedCases(suite), ...methodCases(suite)];
}

function contentCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  const misplaced: readonly (readonly [what: string, bytes: readonly Buffer[], blamed: string])[] =
    [
      ['a header without a method', [header(0)], 'none'],
      ['a body without a method', [body('x')], 'none'],
      ['a body in place of a header', [publish, body('x')], 'basic.publish'],
      ['a method in place of a header', [publish, qos], 'basic.publish'],
      ['a second header', [publish, header(5), header(5)], 'basic.publish'],
      ['a method in place of a body', [publish, header(5), qos], 'basic.publish'],
      [
        'channel.close in place of a body',
        [publish, header(5), encodeMethod(1, 'channel.close', { replyCode: 200 })],
        'basic.publish',
      ],
      ['a body frame behind an empty body', [publish, header(0), body('')], 'none'],
      ['a header of another class', [publish, withShort(header(0), 7, 50)], 'basic.publish'],
      ['a header with a weight', [publish, withShort(header(0), 9, 1)], 'basic.publish'],
    ];
  return [
    ...misplaced.map(([what, bytes, blamed]) =>
      onConnection(`${what} closes with 505`, async (connection) => {
        await connection.channel();
        connection.socket.write(...bytes);
        await connection.expectClose(505, blamed);
      }),
    ),
    onConnection('a body that is larger than declared is refused', async (connection, bench) => {
      await connection.channel();
      connection.socket.write(publish, header(5), body('123456'), qos);
      await connection.expectClose(bench.profile === '4.3' ? 501 : 505, 'basic.publish');
    }),
    ...[header(0), body('x')].map((frame, index) =>
      onConnection(`a ${['header', 'body'][index]} on channel 0 closes with 505`, async (c) => {
        c.socket.write(withShort(frame, 1, 0));
        await c.expectClose(505, 'none');
      }),
    ),
    onConnection('empty body frames within a body are taken', async (connection) => {
      const channel = await connection.channel();
      connection.socket.write(publish, header(2), body(''), body('a'), body(''), body('b'));
      assert.equal((await channel.next('basic.return')).text, 'ab');
    }),
    onConnection('the frames of two channels may alternate', async (connection) => {
      const channels = [await connection.channel(1), await connection.channel(2)];
      for (const frame of [publish, header(2), body('a'), body('b')])
        connection.socket.write(withShort(frame, 1, 1), withShort(frame, 1, 2));
      for (const channel of channels) assert.equal((await channel.next('basic.return')).text, 'ab');
    }),
    onChannel('a message has as many body frames as the client likes', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, body: '' });
      assert.equal((await channel.get(queue))?.bodyFrames.length, 0);
    }),
    ...[
      ['end too early', Buffer.of(0x80, 0, 5, 65)],
      ['are followed by more', Buffer.of(0, 0, 1, 2)],
    ].map(([what, properties]) =>
      onConnection(`properties that ${what} end the connection`, async (connection) => {
        await connection.channel();
        connection.socket.write(publish, headerFrame(1, 0, Buffer.from(properties ?? '')));
        await connection.socket.expectOver();
      }),
    ),
  ];
}

function malformedCases({ onConnection }: Suite): BrokerCase[] {
  const malformed: readonly (readonly [what: string, frame: Buffer])[] = [
    ['a frame that ends wrongly', withEnd(qos, 0)],
    ['a header of two bytes', encodeFrame(frameType.header, 1, Buffer.of(0, 60))],
    ['a method of three bytes', encodeFrame(frameType.method, 1, Buffer.of(0, 50, 0))],
    ['a method of no bytes', encodeFrame(frameType.method, 1, Buffer.of())],
    ['a frame of type 4', encodeFrame(4, 1, Buffer.of())],
    ['a frame of type 4 on channel 0', encodeFrame(4, 0, Buffer.of())],
    ['a frame of type 255', encodeFrame(255, 1, Buffer.of(1))],
  ];
  return malformed.map(([what, frame]) =>
    onConnection(`${what} closes with 501`, async (connection) => {
      await connection.channel();
      connection.socket.write(frame);
      await connection.expectClose(501, 'none');
    }),
  );
}

function methodCases({ onConnection }: Suite): BrokerCase[] {
  const undecodable: readonly (readonly [
    what: string,
    method: string,
    fields: readonly number[],
  ])[] = [
    ['a method without its fields', 'queue.declare', []],
    ['a text that ends too early', 'queue.declare', [0, 0, 5, 65]],
    ['a table that ends too early', 'queue.declare', [0, 0, 1, 65, 1, 0, 0, 0, 9, 1, 65]],
    ['a method with more behind its fields', 'basic.qos', [0, 0, 0, 0, 0, 0, 0, 9, 9]],
  ];
  const numbers = { 'queue.declare': [50, 10], 'basic.qos': [60, 10] } as const;
  return [
    ...undecodable.map(([what, method, fields]) =>
      onConnection(`${what} closes with 501`, async (connection) => {
        const channel = await connection.channel();
        const [classId, methodId] = numbers[method === 'basic.qos' ? method : 'queue.declare'];
        channel.sendRaw(classId, methodId, Buffer.from(fields));
        await connection.expectClose(501, method);
      }),
    ),
    ...unknownMethods.map(([what, say]) =>
      onConnection(`${what} ends the connection`, async (connection) => {
        await say(connection);
        await connection.socket.expectOver();
      }),
    ),
  ];
}

const unknownMethods: readonly (readonly [
  what: string,
  say: (connection: AmqpConnection) => Promise<void>,
])[] = [
  ['an unknown class', async (connection) => (await connection.channel()).sendRaw(99, 10)],
  ['an unknown method', async (connection) => (await connection.channel()).sendRaw(50, 99)],
  ['an unknown method on channel 0', async ({ socket }) => socket.channel(0).sendRaw(10, 99)],
  [
    'a value of an unknown type',
    async (connection) => {
      const channel = await connection.channel();
      const unknown = Buffer.of(0, 0, 0, 3, 1, 65, 63);
      channel.send('queue.declare', { exclusive: true, arguments: unknown });
    },
  ],
];

/** The same bytes with another number at an offset: the channel is at 1, of a header the class at 7, the weight at 9. */
function withShort(frame: Buffer, offset: number, value: number): Buffer {
  const changed = Buffer.from(frame);
  changed.writeUInt16BE(value, offset);
  return changed;
}

function withEnd(frame: Buffer, end: number): Buffer {
  return Buffer.concat([frame.subarray(0, -1), Buffer.of(end)]);
}

import {
  body,
  closing,
  deliver,
  delivery,
  frame,
  header,
  headersOf,
  heartbeat,
  M,
  method,
  settled,
  short,
  u32,
} from '@leveret/testkit/hostile';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from './failures.ts';
import { FrameReader } from './frame-reader.ts';
import { tableSize, writeTable } from './table.ts';

/** A reader, and what it read. */
function reading(frameMax = 131_072) {
  const seen: unknown[] = [];
  const sink = {
    method: (channel: number, read: object) => void seen.push([channel, read]),
    header: (channel: number, read: object) => void seen.push([channel, read]),
    body: (channel: number, payload: Buffer) => void seen.push([channel, payload.toString()]),
  };
  return { reader: new FrameReader(sink, frameMax), seen };
}

/** The payload of a frame. */
const inside = (bytes: Buffer): Buffer => bytes.subarray(7, -1);

const HEADERS = { id: 2n ** 60n, at: new Date(1_700_000_000_000), key: Buffer.of(0xff) };

function headerOf(headers: typeof HEADERS): Buffer {
  const table = Buffer.alloc(tableSize(headers));
  writeTable(table, 0, headers);
  return headersOf(1, 5, table.subarray(4));
}

const frames = [
  delivery(1, 'consumer', 7n, 'hello'),
  heartbeat,
  settled(2, M.ack, 3n, 1),
  closing(3, 404, M.publish),
  method(0, M.blocked, short('low on memory')),
  method(1, M.queueDeclareOk, short('häuschen'), u32(1), u32(2)),
  headerOf(HEADERS),
];

describe('the reader of frames', () => {
  it('reads the same however the bytes are split', () => {
    const whole = reading();
    for (const each of frames) whole.reader.take(each);
    expect(whole.seen).toHaveLength(8);
    expect(whole.seen).toMatchObject([
      [1, { consumerTag: 'consumer', deliveryTag: 7, redelivered: false, routingKey: 'key' }],
      [1, { bodySize: 5 }],
      [1, 'hello'],
      [2, { deliveryTag: 3, multiple: true }],
      [3, { replyCode: 404, replyText: 'no', methodId: M.publish }],
      [0, { reason: 'low on memory' }],
      [1, { queue: 'häuschen', messageCount: 1, consumerCount: 2 }],
      [1, { bodySize: 5, properties: { headers: HEADERS } }],
    ]);
    const bytes = Buffer.concat(frames);
    const sizes = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(sizes, (steps) => {
        const { reader, seen } = reading();
        for (let at = 0, step = 0; at < bytes.length; step++) {
          const size = steps[step % steps.length] ?? 1;
          reader.take(Buffer.from(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(seen).toEqual(whole.seen);
      }),
    );
  });

  it('tells whether a frame came to its end: a peer that only trickles is not alive', () => {
    const { reader } = reading();
    const bytes = delivery(1, 'c');
    expect([...heartbeat].map((byte) => reader.take(Buffer.of(byte)))).toEqual([
      ...Array(7).fill(false),
      true,
    ]);
    expect(reader.take(bytes.subarray(0, 10))).toBe(false);
    expect(reader.take(bytes.subarray(10))).toBe(true);
  });

  it('takes a content header that is larger than was agreed: headers may outgrow their frame', () => {
    const { reader, seen } = reading(8192);
    const large = Buffer.concat([
      short('k'),
      Buffer.from('x'),
      u32(100_000),
      Buffer.alloc(100_000),
    ]);
    reader.take(headersOf(1, 0, large));
    expect(seen).toMatchObject([[1, { properties: { headers: { k: Buffer.alloc(100_000) } } }]]);
    expect(() => reader.take(Buffer.from('02000100110000', 'hex'))).toThrow(ProtocolViolation);
  });

  it('refuses a frame larger than was agreed as soon as it is announced', () => {
    const { reader } = reading(8192);
    expect(reader.take(body(1, Buffer.alloc(8184)))).toBe(true);
    expect(() => reader.take(Buffer.from('03000100002000', 'hex'))).toThrow(ProtocolViolation);
  });

  it('refuses a method and a content header that break off, at any byte', () => {
    const methods = [deliver(1, 'consumer'), settled(1, M.nack, 3n, 1), closing(0, 320)];
    for (const bytes of [...methods, headerOf(HEADERS), header(1, 5)]) {
      const payload = inside(bytes);
      const type = bytes[0] ?? 0;
      for (let length = 0; length < payload.length; length++)
        expect(() => reading().reader.take(frame(type, 1, payload.subarray(0, length)))).toThrow(
          ProtocolViolation,
        );
    }
  });
});

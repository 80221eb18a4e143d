import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMessage } from '../../message/check-message.ts';
import type { HeaderTable, OutgoingMessage, WireMessage } from '../../message/message.ts';
import { toWire } from '../../message/wire.ts';
import { ByteReader, viewOf } from './byte-reader.ts';
import { readContentHeader } from './content-header.ts';
import { FrameWriter } from './frame-writer.ts';
import { FRAME } from './protocol.ts';

interface Frame {
  readonly type: number;
  readonly channel: number;
  /** With the byte that closes the frame. */
  readonly payload: Buffer;
}

/** What a writer hands to its socket. */
function written(use: (writer: FrameWriter) => void): Buffer {
  const pieces: Buffer[] = [];
  const write = (piece: Uint8Array) => pieces.push(Buffer.from(piece));
  const target = { writable: true, write, cork: () => {}, uncork: () => {} };
  const writer = new FrameWriter(target, () => {});
  use(writer);
  writer.flush();
  return Buffer.concat(pieces);
}

function framesOf(message: OutgoingMessage, frameMax: number): Frame[] {
  const wire = toWire(message, 'exchange', 'key', true);
  return framesIn(written((writer) => writer.message(7, wire, frameMax)));
}

function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 7 + bytes.readUInt32BE(at + 3) + 1;
    const channel = bytes.readUInt16BE(at + 1);
    frames.push({ type: bytes[at] ?? 0, channel, payload: bytes.subarray(at + 7, end) });
    at = end;
  }
  return frames;
}

const sizes = fc.record({
  frameMax: fc.constantFrom(4096, 8192, 131_072),
  body: fc.oneof(
    fc.nat(20_000),
    fc.constantFrom(0, 4087, 4088, 4089, 4096, 4097, 131_064, 131_065),
  ),
});

describe('the frames of a message', () => {
  it('are whole, in order, of one channel, and none is larger than agreed', () => {
    fc.assert(
      fc.property(sizes, ({ frameMax, body }) => {
        const bytes = Buffer.alloc(body, 'b');
        const frames = framesOf({ body: bytes, headers: { a: 1n } }, frameMax);
        const [method, header, ...rest] = frames;
        expect([method?.type, header?.type]).toEqual([FRAME.method, FRAME.header]);
        expect(rest.every(({ type }) => type === FRAME.body)).toBe(true);
        for (const { channel, payload } of frames) {
          expect([channel, payload.at(-1)]).toEqual([7, 0xce]);
          expect(payload.length + 7).toBeLessThanOrEqual(frameMax);
        }
        const sent = Buffer.concat(rest.map(({ payload }) => payload.subarray(0, -1)));
        expect(sent.equals(bytes)).toBe(true);
        const payload = header?.payload ?? Buffer.alloc(0);
        const read = readContentHeader(
          new ByteReader(payload, viewOf(payload), 0, payload.length - 1),
        );
        expect(read.properties.headers).toEqual({ a: 1 });
      }),
    );
  });

  it('fit whatever the check of messages lets through, all properties at their longest', () => {
    const frameMax = 8192;
    const limits = {
      ...{ frameMax, maxMessageSize: 1000, username: 'u'.repeat(255) },
      headers: { dates: true, bytes: true },
      arguments: { dates: true, bytes: true },
    };
    const long = 'l'.repeat(255);
    const properties = {
      ...{ contentType: long, contentEncoding: long, correlationId: long, replyTo: long },
      ...{ type: long, userId: 'u'.repeat(255), appId: long, priority: 255, deliveryMode: 2 },
      ...{ expiration: 2 ** 32 - 1, timestamp: new Date() },
    } as const;
    let largest = 0;
    for (const given of [{}, properties])
      for (let size = 5_000; size < frameMax; size++) {
        const message = { body: Buffer.alloc(1), ...given, headers: { a: 'x'.repeat(size) } };
        try {
          checkMessage(message, long, limits);
        } catch {
          continue;
        }
        const [, header] = framesOf(message, frameMax);
        largest = Math.max(largest, (header?.payload.length ?? 0) + 7);
      }
    expect(largest).toBeLessThanOrEqual(frameMax);
    expect(largest).toBeGreaterThan(frameMax - 100);
  });

  it('are those of the body at the time, whatever becomes of it while they wait in the socket', () => {
    for (const size of [10, 5000, 300_000]) {
      const waiting: Uint8Array[] = [];
      const write = (piece: Uint8Array) => waiting.push(piece);
      const target = { writable: true, write, cork: () => {}, uncork: () => {} };
      const writer = new FrameWriter(target, () => {});
      const body = Buffer.alloc(size, 'a');
      writer.message(7, toWire({ body }, '', 'key', true), 131_072);
      body.fill('b');
      writer.flush();
      const bytes = Buffer.concat(waiting);
      expect([bytes.includes('bb'), bytes.includes('a'.repeat(10))]).toEqual([false, true]);
    }
  });

  describe('are whole whatever became of another message between its check and its writing', () => {
    const wire = (headers: HeaderTable) =>
      toWire({ body: Buffer.from('body'), headers }, '', 'key', true);
    const changed = (change: (headers: Record<string, unknown>) => void): WireMessage => {
      const headers = { a: 'a', list: ['a', 'b'] };
      const message = wire(headers);
      change(headers);
      return message;
    };
    const unsteady = (): WireMessage => {
      let reads = 0;
      return wire({
        get a() {
          return reads++ === 0 ? 1 : 'more than a number';
        },
      });
    };
    const numberForText = (): WireMessage => {
      const message = wire({});
      Reflect.set(message, 'messageId', 7);
      return message;
    };

    it.each([
      ['a header is a function', () => changed((headers) => Reflect.set(headers, 'a', () => {}))],
      ['a header is a symbol', () => changed((headers) => Reflect.set(headers, 'a', Symbol('a')))],
      ['a list has a hole', () => changed(({ list }) => Reflect.set(Object(list), 'length', 3))],
      [
        'a list has a hole inside',
        () => changed(({ list }) => Reflect.deleteProperty(Object(list), 0)),
      ],
      ['a name is too long', () => changed((headers) => Reflect.set(headers, 'n'.repeat(256), 1))],
      [
        'headers outgrow the frame',
        () => changed((headers) => Reflect.set(headers, 'a', 'x'.repeat(5000))),
      ],
      ['a header is another each time that it is read', unsteady],
      ['a property is no text', numberForText],
    ])('%s', (_what, bad) => {
      const good = wire({ good: 1 });
      const expected = written((writer) => {
        writer.message(7, good, 4096);
        writer.message(7, good, 4096);
      });
      const bytes = written((writer) => {
        writer.message(7, good, 4096);
        expect(() => writer.message(7, bad(), 4096)).toThrow();
        writer.message(7, good, 4096);
      });
      expect(bytes.equals(expected)).toBe(true);
    });

    it('a header publishes another while it is read', () => {
      const good = wire({ good: 1 });
      const bytes = written((writer) => {
        const nested = wire({
          get a() {
            writer.message(7, good, 4096);
            return 'a';
          },
        });
        writer.message(7, nested, 4096);
      });
      const frames = framesIn(bytes);
      const { method, header, body } = FRAME;
      const types = frames.map(({ type }) => type);
      expect(types).toEqual([method, header, body, method, header, body, method, header, body]);
      for (const { payload } of frames) expect(payload.at(-1)).toBe(0xce);
    });
  });
});

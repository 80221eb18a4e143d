import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, shortText } from './arbitraries.fixture.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { decodeMethod } from './method-codec.ts';
import type { Method } from './methods.ts';

type Frame = readonly [type: number, channel: number, payload: Buffer];

/** The frames in what a writer gave. */
function framesIn(pieces: readonly Buffer[]): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader(0);
  for (const piece of pieces) {
    reader.push(piece, (...frame) => frames.push(frame));
  }
  return frames;
}

function written(write: (writer: FrameWriter) => void): Frame[] {
  const writer = new FrameWriter();
  write(writer);
  return framesIn(writer.take());
}

const ack = (deliveryTag: number): Method => ({
  name: 'basic.ack',
  fields: { deliveryTag, multiple: false },
});

describe('FrameWriter', () => {
  it('writes a method with its length and its end', () => {
    const writer = new FrameWriter();
    writer.method(258, 'queue.purge-ok', { messageCount: 3 });
    const frame = [1, 1, 2, 0, 0, 0, 8, 0, 50, 0, 31, 0, 0, 0, 3, 0xce];
    expect(Buffer.concat(writer.take())).toEqual(Buffer.from(frame));
  });

  it('writes a heartbeat', () => {
    expect(written((writer) => writer.heartbeat())).toEqual([[8, 0, Buffer.alloc(0)]]);
  });

  it('writes bytes as they are, between frames', () => {
    const writer = new FrameWriter();
    writer.raw(Buffer.from('AMQP'));
    writer.heartbeat();
    expect(Buffer.concat(writer.take()).toString('latin1')).toBe('AMQP\b\0\0\0\0\0\0\u00ce');
  });

  it('writes a message without a body as one frame', () => {
    const header = Buffer.from('header');
    const frames = written((writer) => writer.content(7, 4096, header, Buffer.alloc(0)));
    expect(frames).toEqual([[2, 7, header]]);
  });

  it('splits a body into frames of at most frame-max', () => {
    const body = Buffer.from('abcdefg');
    const frames = written((writer) => writer.content(7, 11, Buffer.from('h'), body));
    expect(frames.slice(1).map(([type, , part]) => [type, part.toString()])).toEqual([
      [3, 'abc'],
      [3, 'def'],
      [3, 'g'],
    ]);
    const exact = written((writer) => writer.content(7, 15, Buffer.from('h'), body));
    expect(exact.slice(1)).toEqual([[3, 7, body]]);
  });

  it('splits nothing while frame-max is 0', () => {
    const body = Buffer.alloc(1_000_000, 'x');
    const frames = written((writer) => writer.content(7, 0, Buffer.from('h'), body));
    expect(frames.map(([type, , payload]) => [type, payload.length])).toEqual([
      [2, 1],
      [3, 1_000_000],
    ]);
  });

  it('hands over a large body without copying it, and copies a small one', () => {
    const writer = new FrameWriter();
    const large = Buffer.alloc(16 * 1024);
    writer.content(1, 0, Buffer.from('h'), large);
    writer.content(1, 0, Buffer.from('h'), large.subarray(1));
    const pieces = writer.take();
    expect(pieces.filter(({ buffer }) => buffer === large.buffer)).toHaveLength(1);
    expect(pieces).toHaveLength(3);
  });

  it('gives the same frames for bodies and frame-max of any size', () => {
    const messages = fc.array(fc.record({ header: bytes(30), size: fc.nat({ max: 70_000 }) }), {
      minLength: 1,
      maxLength: 5,
    });
    const frameMaxes = fc.constantFrom(0, 4096, 20_000, 131_072);
    fc.assert(
      fc.property(messages, frameMaxes, fc.boolean(), (messages, frameMax, takeEach) => {
        const writer = new FrameWriter();
        const pieces: Buffer[] = [];
        for (const [channel, { header, size }] of messages.entries()) {
          writer.content(channel, frameMax, header, Buffer.alloc(size, channel));
          if (takeEach) pieces.push(...writer.take());
        }
        pieces.push(...writer.take());
        const frames = framesIn(pieces);
        for (const [channel, { header, size }] of messages.entries()) {
          const payloads = frames.filter((frame) => frame[1] === channel).map(([, , part]) => part);
          expect(payloads[0]).toEqual(header);
          const body = Buffer.concat(payloads.slice(1));
          expect(body.equals(Buffer.alloc(size, channel))).toBe(true);
          if (frameMax > 0) {
            expect(
              Math.max(0, ...payloads.slice(1).map(({ length }) => length)),
            ).toBeLessThanOrEqual(frameMax - 8);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('fills slab after slab without losing a method', () => {
    const count = 10_000;
    const frames = written((writer) => {
      for (let tag = 0; tag < count; tag += 1) {
        writer.method(1, 'basic.ack', { deliveryTag: tag, multiple: false });
      }
    });
    expect(frames.map(([, , payload]) => decodeMethod(payload))).toEqual(
      Array.from({ length: count }, (_, tag) => ack(tag)),
    );
  });

  it('moves a frame that does not fit into the slab as a whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 65_400, max: 65_536 }), shortText, (filler, reason) => {
        const writer = new FrameWriter();
        const table = new Map([['k', { type: 'S' as const, value: Buffer.from(reason) }]]);
        writer.raw(Buffer.alloc(filler));
        writer.method(3, 'queue.bind', {
          queue: reason,
          exchange: 'e',
          routingKey: reason,
          noWait: false,
          arguments: table,
        });
        const all = Buffer.concat(writer.take());
        const [frame] = framesIn([all.subarray(filler)]);
        expect(frame?.[1]).toBe(3);
        expect(decodeMethod(frame?.[2] ?? Buffer.alloc(0))).toMatchObject({
          fields: { queue: reason, routingKey: reason, arguments: table },
        });
      }),
      { numRuns: 40 },
    );
  });

  it('knows how much waits to be taken', () => {
    const writer = new FrameWriter();
    expect(writer.byteLength).toBe(0);
    writer.heartbeat();
    writer.content(1, 0, Buffer.from('header'), Buffer.alloc(100_000));
    expect(writer.byteLength).toBe(8 + (8 + 6) + (8 + 100_000));
    const taken = writer.take().reduce((sum, piece) => sum + piece.length, 0);
    expect(taken).toBe(8 + (8 + 6) + (8 + 100_000));
    expect(writer.byteLength).toBe(0);
    expect(writer.take()).toEqual([]);
  });

  it('leaves alone what was taken', () => {
    const writer = new FrameWriter();
    writer.heartbeat();
    const pieces = writer.take();
    const before = Buffer.concat(pieces);
    for (let i = 0; i < 20_000; i += 1) writer.method(1, 'basic.qos-ok', {});
    expect(Buffer.concat(pieces)).toEqual(before);
  });

  it('writes nothing of a method that cannot be written', () => {
    const writer = new FrameWriter();
    writer.heartbeat();
    const refused = (): void => {
      writer.method(1, 'connection.blocked', { reason: 'x'.repeat(256) });
    };
    expect(refused).toThrow(expect.objectContaining({ code: 541 }));
    writer.method(1, 'channel.close-ok', {});
    expect(framesIn(writer.take()).map(([type]) => type)).toEqual([8, 1]);
  });
});

import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AmqpError } from '../base/amqp-error.ts';
import { bytes } from './arbitraries.fixture.ts';
import { FrameReader } from './frame-reader.ts';

interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

/** A frame written by hand, apart from the writer. */
function frame(type: number, channel: number, payload: Buffer, end = 0xce): Buffer {
  const header = Buffer.from([type, channel >> 8, channel & 0xff, 0, 0, 0, 0]);
  header.writeUInt32BE(payload.length, 3);
  return Buffer.concat([header, payload, Buffer.from([end])]);
}

/** What a reader makes of the chunks. */
function read(chunks: readonly Buffer[], frameMax = 4096): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader(frameMax);
  for (const chunk of chunks) {
    reader.push(chunk, (type, channel, payload) => frames.push({ type, channel, payload }));
  }
  return frames;
}

/** Cuts the bytes at the places. */
function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const bounds = [0, ...[...places].sort((a, b) => a - b), stream.length];
  return bounds.slice(1).map((end, i) => stream.subarray(bounds[i], end));
}

/** What a push throws, which must be an AmqpError. */
function refusal(stream: Buffer, frameMax?: number): AmqpError {
  try {
    read([stream], frameMax);
  } catch (error) {
    if (error instanceof AmqpError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const frames = fc.array(
  fc.record({
    type: fc.constantFrom(1, 2, 3, 8, 77),
    channel: fc.integer({ min: 0, max: 65_535 }),
    payload: bytes(40),
  }),
  { minLength: 1, maxLength: 6 },
);

function streamOf(frames: readonly Frame[]): Buffer {
  return Buffer.concat(frames.map(({ type, channel, payload }) => frame(type, channel, payload)));
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('FrameReader', () => {
  it('gives the same frames wherever the stream is cut in two', () => {
    const sent = [
      { type: 1, channel: 0, payload: Buffer.from('abc') },
      { type: 8, channel: 0, payload: Buffer.alloc(0) },
      { type: 3, channel: 65_535, payload: Buffer.alloc(300, 'x') },
    ];
    const stream = streamOf(sent);
    for (let place = 0; place <= stream.length; place += 1) {
      expect(read(cut(stream, [place]))).toEqual(sent);
    }
  });

  it('gives the same frames however often the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 30 }), (sent, seeds) => {
        const stream = streamOf(sent);
        const places = seeds.map((seed) => seed % (stream.length + 1));
        expect(read(cut(stream, places))).toEqual(sent);
      }),
    );
  });

  it('gives the same frames byte by byte', () => {
    fc.assert(
      fc.property(frames, (sent) => {
        const stream = streamOf(sent);
        const places = Array.from(stream.keys());
        expect(read(cut(stream, places))).toEqual(sent);
      }),
    );
  });

  it('does not copy a frame that lies in one chunk', () => {
    const stream = frame(3, 1, Buffer.from('body'));
    expect(read([stream])[0]?.payload.buffer).toBe(stream.buffer);
  });

  it('leaves payloads alone that it gave before', () => {
    const sent = ['first', 'other'].map((text) => ({
      type: 3,
      channel: 1,
      payload: Buffer.from(text),
    }));
    const stream = streamOf(sent);
    expect(read(cut(stream, Array.from(stream.keys())))).toEqual(sent);
  });

  it('keeps what follows a cut frame in the same chunk', () => {
    const stream = Buffer.concat([
      frame(3, 1, Buffer.from('a')),
      frame(3, 2, Buffer.from('b')),
      frame(3, 3, Buffer.from('c')).subarray(0, 8),
    ]);
    const received = read(cut(stream, [4]));
    expect(received.map(({ channel }) => channel)).toEqual([1, 2]);
  });

  it('takes a payload as large as frame-max, and not one that is larger', () => {
    expect(read([frame(3, 1, Buffer.alloc(4096))])).toHaveLength(1);
    expect(refusal(frame(3, 1, Buffer.alloc(4097)))).toMatchObject({ code: 501 });
  });

  it('refuses a frame that is too large by its header alone', () => {
    const header = frame(3, 1, Buffer.alloc(4097)).subarray(0, 7);
    expect(refusal(header)).toMatchObject({ code: 501 });
    expect(() => read(cut(header, [3]))).toThrow(AmqpError);
  });

  it('takes any size while frame-max is 0', () => {
    expect(read([frame(3, 1, Buffer.alloc(1_000_000))], 0)).toHaveLength(1);
  });

  it('allocates for what has arrived, not for what is announced', () => {
    const stream = frame(3, 1, Buffer.alloc(1_000_000)).subarray(0, 1000);
    const allocated = vi.spyOn(Buffer, 'allocUnsafe');
    expect(read(cut(stream, [5, 100]), 0)).toEqual([]);
    expect(allocated).toHaveBeenCalled();
    expect(Math.max(...allocated.mock.calls.map(([size]) => size))).toBeLessThanOrEqual(2000);
  });

  it('goes by a frame-max that changed while it was calling back', () => {
    const reader = new FrameReader(8);
    const sizes: number[] = [];
    const stream = [frame(1, 0, Buffer.alloc(8)), frame(1, 0, Buffer.alloc(20))];
    reader.push(Buffer.concat(stream), (_type, _channel, payload) => {
      sizes.push(payload.length);
      reader.frameMax = 20;
    });
    expect(sizes).toEqual([8, 20]);
  });

  it('refuses a frame that does not end with 0xCE, whole or cut', () => {
    const stream = frame(1, 1, Buffer.from('abcd'), 0xcd);
    expect(refusal(stream)).toMatchObject({ code: 501, scope: 'connection' });
    expect(() => read(cut(stream, [9]))).toThrow(AmqpError);
  });

  it('lets through what the callback throws', () => {
    const thrown = new AmqpError(505, 'no such frame here');
    const push = (): void => {
      new FrameReader(0).push(frame(1, 1, Buffer.alloc(0)), () => {
        throw thrown;
      });
    };
    expect(push).toThrow(thrown);
  });

  it('takes random bytes, or refuses them with 501', () => {
    fc.assert(
      fc.property(fc.array(bytes(60), { maxLength: 5 }), (chunks) => {
        try {
          read(chunks);
        } catch (error) {
          expect(error).toMatchObject({ name: 'AmqpError', code: 501 });
        }
      }),
    );
  });
});

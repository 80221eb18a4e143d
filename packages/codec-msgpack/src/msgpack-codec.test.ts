import { runInNewContext } from 'node:vm';
import { LeveretError } from '@leveret/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExtData, ExtensionCodec, msgpackCodec } from './index.ts';

const codec = msgpackCodec();
const back = (value: unknown, through = codec): unknown => through.decode(through.encode(value));

/** The `LeveretError` that `run` throws. */
function failure(run: () => unknown): LeveretError {
  try {
    run();
  } catch (error) {
    if (error instanceof LeveretError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function nested(levels: number): unknown[] {
  let value: unknown[] = [];
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

class Point {
  x = 1;
}

describe('msgpackCodec()', () => {
  it('names its content type and the two that others use', () => {
    expect(codec.contentType).toBe('application/msgpack');
    expect(codec.aliases?.map((kind) => kind.contentType)).toEqual([
      'application/x-msgpack',
      'application/vnd.msgpack',
    ]);
  });

  it('reads back dates, to the millisecond', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(back({ date })).toEqual({ date });
      }),
    );
  });

  it('writes undefined as nil, and leaves it out of objects unless told otherwise', () => {
    expect(back(undefined)).toBeNull();
    expect(back({ a: undefined, b: [undefined] })).toEqual({ b: [null] });
    expect(back({ a: undefined }, msgpackCodec({ ignoreUndefined: false }))).toEqual({ a: null });
  });

  it('takes plain objects of another realm', () => {
    expect(back(runInNewContext('({ a: [{ b: 1 }] })'))).toEqual({ a: [{ b: 1 }] });
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
    ['an instance of a class', new Point()],
    ['a Map', new Map([[1, 2]])],
    ['a Set', new Set([1])],
    ['an Error', new Error('e')],
    ['a Float64Array', new Float64Array(1)],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['an invalid Date', new Date(Number.NaN)],
  ])('refuses %s with CODEC, also inside other values', (_, value) => {
    expect(failure(() => codec.encode(value)).code).toBe('CODEC');
    expect(failure(() => codec.encode({ list: [value] })).code).toBe('CODEC');
  });

  it('names the class that it has no form for', () => {
    expect(failure(() => codec.encode(new Point())).message).toMatch(/an instance of Point/);
  });

  it('refuses circular values with CODEC', () => {
    const loop: { left?: unknown; right?: unknown } = {};
    loop.left = loop;
    loop.right = loop;
    expect(failure(() => codec.encode(loop)).code).toBe('CODEC');
    expect(failure(() => msgpackCodec({ useBigInt64: true }).encode(loop)).code).toBe('CODEC');
  });

  it('keeps bytes apart from the body that they came in', () => {
    const body = codec.encode({
      data: Uint8Array.of(1, 2, 3),
      ext: new ExtData(7, Uint8Array.of(9)),
    });
    const value = codec.decode(body);
    body.fill(0);
    expect(value).toEqual({ data: Uint8Array.of(1, 2, 3), ext: new ExtData(7, Uint8Array.of(9)) });
  });

  it('gives bytes that later calls leave alone', () => {
    const first = codec.encode('first');
    const copy = first.slice();
    codec.encode('other');
    expect(first).toEqual(copy);
  });

  it('reads bytes as Uint8Array, also from a Buffer', () => {
    const value = codec.decode(Buffer.from(codec.encode(Buffer.from('hi'))));
    expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
  });

  it('works on after bodies of any size and after failures', () => {
    const big = { text: 'x'.repeat(1_000_000) };
    expect(back(big)).toEqual(big);
    expect(failure(() => codec.encode(['x', () => 1])).code).toBe('CODEC');
    expect(failure(() => codec.decode(Uint8Array.of(0x92, 1))).code).toBe('CODEC');
    expect(back({ a: 1 })).toEqual({ a: 1 });
  });

  it('refuses the key __proto__ and pollutes nothing', () => {
    const body = codec.encode(Object.fromEntries([['__proto__', { polluted: true }]]));
    expect(failure(() => codec.decode(body)).code).toBe('CODEC');
    expect('polluted' in {}).toBe(false);
  });

  it('writes and reads 1000 levels, and refuses one more both ways', () => {
    expect(back(nested(1000))).toEqual(nested(1000));
    expect(failure(() => codec.encode(nested(1001))).code).toBe('CODEC');
    const bomb = new Uint8Array(10_000_000).fill(0x91);
    expect(failure(() => codec.decode(bomb)).message).toMatch(/maxDepth, 1000 levels/);
  });

  it('allocates nothing for sizes that a small body merely declares', () => {
    // 200 levels of arrays that say they hold 2^24 elements: 128 MiB each, were they believed.
    const lie = Buffer.concat(Array.from({ length: 200 }, () => Uint8Array.of(0xdd, 1, 0, 0, 0)));
    const before = process.memoryUsage().heapTotal;
    expect(failure(() => codec.decode(lie)).code).toBe('CODEC');
    expect(process.memoryUsage().heapTotal - before).toBeLessThan(64 * 2 ** 20);
  });
});

describe('msgpackCodec(options)', () => {
  const big = msgpackCodec({ useBigInt64: true });

  it('carries 64-bit integers as bigint where told to', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (n) => {
        expect(back({ n: [n] }, big)).toEqual({ n: [n] });
      }),
    );
  });

  it('refuses a bigint of more than 64 bits instead of cutting it', () => {
    for (const n of [2n ** 64n, -(2n ** 63n) - 1n])
      expect(failure(() => big.encode({ list: [n] })).code).toBe('CODEC');
  });

  it('carries further types as extensions, around each other too', () => {
    const extensionCodec = new ExtensionCodec();
    const inner = msgpackCodec({ extensionCodec });
    extensionCodec.register({
      type: 1,
      encode: (value) => (value instanceof Set ? inner.encode([...value]) : null),
      decode: (data) => new Set(Array.from(Object.values(Object(inner.decode(data))))),
    });
    const value = { set: new Set([1, new Set(['a'])]), at: new Date(5) };
    expect(back(value, inner)).toEqual(value);
  });

  it('gives what an extension throws as the cause', () => {
    const cause = new Error('not mine');
    const extensionCodec = new ExtensionCodec();
    const fail = (): never => {
      throw cause;
    };
    extensionCodec.register({ type: 1, encode: fail, decode: fail });
    const picky = msgpackCodec({ extensionCodec });
    expect(failure(() => picky.encode(new Set()))).toMatchObject({ code: 'CODEC', cause });
    expect(failure(() => picky.decode(Uint8Array.of(0xd4, 1, 0)))).toMatchObject({
      code: 'CODEC',
      cause,
    });
  });

  it('takes a lower depth limit, for both ways', () => {
    const flat = msgpackCodec({ maxDepth: 1 });
    expect(back([1, []], flat)).toEqual([1, []]);
    expect(failure(() => flat.encode([[1]])).code).toBe('CODEC');
    expect(failure(() => flat.decode(codec.encode([[1]]))).code).toBe('CODEC');
  });

  it.each([0, 1001, 1.5, Number.NaN, Infinity])(
    'refuses maxDepth %d with INVALID_ARGUMENT',
    (maxDepth) => {
      expect(failure(() => msgpackCodec({ maxDepth })).code).toBe('INVALID_ARGUMENT');
    },
  );
});

import { LeveretError } from '@leveret/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonCodec } from './json-codec.ts';

const codec = jsonCodec();
const text = (value: unknown): string => Buffer.from(codec.encode(value)).toString();
const read = (body: string): unknown => codec.decode(Buffer.from(body));

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

describe('jsonCodec().encode', () => {
  it('writes application/json in UTF-8, without a byte order mark', () => {
    expect(codec.contentType).toBe('application/json');
    expect(codec.contentEncoding).toBeUndefined();
    expect(Buffer.from(codec.encode({ ż: '€😀' }))).toEqual(Buffer.from('{"ż":"€😀"}', 'utf8'));
  });

  it('writes a top-level undefined as null, and leaves it out of objects', () => {
    expect(text(undefined)).toBe('null');
    expect(text({ a: undefined, b: [undefined] })).toBe('{"b":[null]}');
  });

  it('escapes a lone surrogate, so that it survives UTF-8', () => {
    expect(read(text('\ud800'))).toBe('\ud800');
  });

  it.each([
    ['a bigint', { n: 1n }],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a toJSON without a result', { toJSON: () => undefined }],
  ])('refuses %s with CODEC', (_, value) => {
    expect(failure(() => codec.encode(value)).code).toBe('CODEC');
  });

  it('refuses a circular value with CODEC and the cause', () => {
    const value: { self?: unknown } = {};
    value.self = value;
    expect(failure(() => codec.encode(value))).toMatchObject({
      code: 'CODEC',
      cause: expect.any(TypeError),
    });
  });

  it('refuses a value too deep for the stack with CODEC', () => {
    let value: unknown[] = [];
    for (let i = 0; i < 100_000; i++) value = [value];
    expect(failure(() => codec.encode(value)).cause).toBeInstanceOf(RangeError);
  });

  it('carries what toJSON threw as the cause, whatever it is', () => {
    const toJSON = () => {
      throw 'why not';
    };
    expect(failure(() => codec.encode({ toJSON })).cause).toBe('why not');
  });
});

describe('jsonCodec().decode', () => {
  it('reads back every JSON value that it wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(codec.decode(codec.encode(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('reads a Uint8Array that is a window on a larger buffer', () => {
    const whole = new Uint8Array(Buffer.from('xx{"a":"ż"}yy'));
    expect(codec.decode(whole.subarray(2, -2))).toEqual({ a: 'ż' });
  });

  it.each(['', ' ', '{', '[1', '1 2', 'nul', '{"a":NaN}', "{'a':1}"])(
    'refuses %j with CODEC',
    (body) => {
      expect(failure(() => read(body)).code).toBe('CODEC');
    },
  );

  it('refuses bytes that are not UTF-8 instead of replacing them', () => {
    for (const bad of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80]]) {
      const body = Buffer.from([0x22, ...bad, 0x22]);
      expect(failure(() => codec.decode(body)).message).toMatch(/the body is not UTF-8/);
      expect(failure(() => codec.decode(new Uint8Array(body))).code).toBe('CODEC');
    }
  });

  it('accepts U+FFFD that was really sent', () => {
    expect(read('"\ufffd"')).toBe('\ufffd');
  });

  it('skips one byte order mark and refuses a second', () => {
    expect(read('\ufeff{"a":1}')).toEqual({ a: 1 });
    expect(failure(() => read('\ufeff\ufeff{"a":1}')).code).toBe('CODEC');
  });

  it('makes __proto__ a property and pollutes nothing', () => {
    const value = read('{"__proto__":{"polluted":true}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.getOwnPropertyNames(value)).toEqual(['__proto__']);
    expect('polluted' in {}).toBe(false);
  });

  it('says what was wrong and keeps the cause', () => {
    expect(failure(() => read('{"a":nope}'))).toMatchObject({
      message: expect.stringMatching(/^CODEC: the body is not acceptable JSON: .+/),
      cause: expect.any(SyntaxError),
    });
  });

  it('refuses a nesting bomb with CODEC, naming the limit', () => {
    const bomb = '['.repeat(1_000_000) + ']'.repeat(1_000_000);
    expect(failure(() => read(bomb)).message).toMatch(/maxDepth, 1000 levels/);
    expect(failure(() => read(`{"a":${bomb}}`)).code).toBe('CODEC');
  });

  it('allows 1000 levels, which it can write again, and not 1001', () => {
    const levels = (n: number) => '['.repeat(n) + ']'.repeat(n);
    expect(text(read(levels(1000)))).toBe(levels(1000));
    expect(failure(() => read(levels(1001))).code).toBe('CODEC');
  });
});

describe('jsonCodec(options)', () => {
  it('lets replacer and reviver carry what JSON cannot', () => {
    const big = jsonCodec({
      replacer: (_, value) => (typeof value === 'bigint' ? { $big: String(value) } : value),
      reviver: (_, value) =>
        typeof value === 'object' && value !== null && '$big' in value
          ? BigInt(String(value.$big))
          : value,
    });
    expect(big.decode(big.encode({ n: [2n ** 70n] }))).toEqual({ n: [2n ** 70n] });
  });

  it('gives what a reviver throws as the cause', () => {
    const cause = new Error('not mine');
    const picky = jsonCodec({
      reviver: () => {
        throw cause;
      },
    });
    expect(failure(() => picky.decode(Buffer.from('1')))).toMatchObject({ code: 'CODEC', cause });
  });

  it('takes a depth limit, or none with Infinity', () => {
    const deep = Buffer.from('['.repeat(5000) + ']'.repeat(5000));
    expect(failure(() => jsonCodec({ maxDepth: 1 }).decode(Buffer.from('[[]]'))).code).toBe(
      'CODEC',
    );
    expect(jsonCodec({ maxDepth: 1 }).decode(Buffer.from('[1]'))).toEqual([1]);
    expect(jsonCodec({ maxDepth: Infinity }).decode(deep)).toBeInstanceOf(Array);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses maxDepth %d with INVALID_ARGUMENT', (maxDepth) => {
    expect(failure(() => jsonCodec({ maxDepth })).code).toBe('INVALID_ARGUMENT');
  });

  it('refuses a replacer or reviver that is no function with INVALID_ARGUMENT', () => {
    const options: object = { replacer: 'id' };
    const others: object = { reviver: ['id'] };
    expect(failure(() => jsonCodec(options)).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => jsonCodec(others)).code).toBe('INVALID_ARGUMENT');
  });
});

import { LeveretError } from '@leveret/core';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBody } from './check-body.ts';

const rules = { maxDepth: 100, useBigInt64: false };
const check = (...bytes: number[]): boolean => checkBody(Uint8Array.from(bytes), rules);
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

/** Whether `run` is refused with `CODEC`. */
function refused(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    if (error instanceof LeveretError && error.code === 'CODEC') return true;
    throw error;
  }
}

/** One body of each format: its first byte, its sizes, and as much as they announce. */
const formats: Record<string, number[]> = {
  'positive fixint': [0x7f],
  'negative fixint': [0xe0],
  fixmap: [0x81, 0xa1, 0x61, 0x01],
  fixarray: [0x92, 1, 2],
  fixstr: [0xa3, 0x61, 0x62, 0x63],
  nil: [0xc0],
  false: [0xc2],
  true: [0xc3],
  'bin 8': [0xc4, 2, 9, 9],
  'bin 16': [0xc5, 0, 2, 9, 9],
  'bin 32': [0xc6, 0, 0, 0, 2, 9, 9],
  'ext 8': [0xc7, 2, 5, 9, 9],
  'ext 16': [0xc8, 0, 2, 5, 9, 9],
  'ext 32': [0xc9, 0, 0, 0, 2, 5, 9, 9],
  'float 32': [0xca, ...zeros(4)],
  'float 64': [0xcb, ...zeros(8)],
  'uint 8': [0xcc, 1],
  'uint 16': [0xcd, 1, 1],
  'uint 32': [0xce, ...zeros(4)],
  'uint 64': [0xcf, ...zeros(8)],
  'int 8': [0xd0, 1],
  'int 16': [0xd1, 1, 1],
  'int 32': [0xd2, ...zeros(4)],
  'int 64': [0xd3, ...zeros(8)],
  'fixext 1': [0xd4, 5, 9],
  'fixext 2': [0xd5, 5, ...zeros(2)],
  'fixext 4': [0xd6, 5, ...zeros(4)],
  'fixext 8': [0xd7, 5, ...zeros(8)],
  'fixext 16': [0xd8, 5, ...zeros(16)],
  'str 8': [0xd9, 2, 0x61, 0x62],
  'str 16': [0xda, 0, 2, 0x61, 0x62],
  'str 32': [0xdb, 0, 0, 0, 2, 0x61, 0x62],
  'array 16': [0xdc, 0, 2, 1, 2],
  'array 32': [0xdd, 0, 0, 0, 2, 1, 2],
  'map 16': [0xde, 0, 1, 0xa1, 0x61, 1],
  'map 32': [0xdf, 0, 0, 0, 1, 0xa1, 0x61, 1],
};

describe('checkBody', () => {
  it.each(Object.entries(formats))('measures %s as the library reads it', (_, bytes) => {
    expect(() => decode(Uint8Array.from(bytes))).not.toThrow();
    expect(() => check(...bytes)).not.toThrow();
    expect(refused(() => check(...bytes, 0))).toBe(true);
    expect(refused(() => check(...bytes.slice(0, -1)))).toBe(true);
  });

  it('says whether there are bytes or extensions in a body', () => {
    for (const [name, bytes] of Object.entries(formats))
      expect([name, check(...bytes)]).toEqual([name, /^(bin|ext|fixext) /.test(name)]);
    expect(check(0x92, ...[0xc4, 1, 9], 1)).toBe(true);
  });

  it('accepts whatever the library writes', () => {
    fc.assert(
      fc.property(fc.object({ withDate: true, withTypedArray: true }), (value) => {
        expect(() => checkBody(encode(value), rules)).not.toThrow();
      }),
    );
  });

  it('accepts of random bytes only what the library accepts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        if (refused(() => checkBody(bytes, rules))) return;
        try {
          decode(bytes);
        } catch (error) {
          expect(String(error)).toMatch(/type of key|__proto__|data size for timestamp/);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it('refuses sizes that the body cannot hold', () => {
    expect(refused(() => check(0xdd, 0xff, 0xff, 0xff, 0xff))).toBe(true);
    expect(refused(() => check(0xdf, 0xff, 0xff, 0xff, 0xff, 1))).toBe(true);
    expect(refused(() => check(0xc6, 0xff, 0xff, 0xff, 0xff, 1))).toBe(true);
    expect(refused(() => check(0xdc, 0, 3, 1, 2))).toBe(true);
  });

  it('refuses an empty body and the byte that MessagePack never uses', () => {
    expect(refused(() => check())).toBe(true);
    expect(refused(() => check(0xc1))).toBe(true);
  });

  it('allows maxDepth levels that hold something, and no more', () => {
    const nested = (levels: number) => [...Array.from({ length: levels }, () => 0x91), 0x90];
    expect(() => check(...nested(100))).not.toThrow();
    expect(refused(() => check(...nested(101)))).toBe(true);
  });

  it('counts a level as left behind once it is full', () => {
    const wide = Array.from({ length: 200 }, () => [0x91, 1]).flat();
    expect(() => check(0xdc, 0, 200, ...wide)).not.toThrow();
  });

  it('refuses 64-bit integers that a number does not hold, unless they become bigint', () => {
    const safe = encode([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
    const unsafe = [2n ** 53n, -(2n ** 53n), 2n ** 64n - 1n, -(2n ** 63n)];
    expect(() => checkBody(safe, rules)).not.toThrow();
    for (const value of unsafe) {
      const bytes = encode(value, { useBigInt64: true });
      expect(refused(() => checkBody(bytes, rules))).toBe(true);
      expect(() => checkBody(bytes, { ...rules, useBigInt64: true })).not.toThrow();
    }
  });
});

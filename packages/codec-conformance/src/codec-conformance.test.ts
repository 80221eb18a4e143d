import type { Codec } from '@leveret/core';
import { describe, expect, it } from 'vitest';
import { type CodecConformanceOptions, codecConformance } from './codec-conformance.ts';

/** A codec without fault, save that it knows no more than JSON. */
const good: Codec = {
  contentType: 'application/json',
  encode(value) {
    const text: string | undefined = JSON.stringify(value === undefined ? null : value);
    if (text === undefined) throw new TypeError('no form for it');
    return Buffer.from(text);
  },
  decode(bytes) {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (/^(\[|\{"a":){2000}/.test(text)) throw new RangeError('too deep');
    return JSON.parse(text);
  },
};

/** Titles of the cases that `good`, with `faults` planted, fails. */
async function failed(
  faults: Partial<Codec>,
  options: CodecConformanceOptions = {},
): Promise<string[]> {
  const titles: string[] = [];
  for (const { title, run } of codecConformance(
    { ...good, ...faults },
    { numRuns: 30, ...options },
  )) {
    try {
      await run();
    } catch {
      titles.push(title);
    }
  }
  return titles;
}

const encodeGood = (value: unknown): Uint8Array =>
  Uint8Array.from(Buffer.from(JSON.stringify(value) ?? ''));

describe('codecConformance', () => {
  it('passes a codec without fault, synchronous or not', async () => {
    expect(await failed({})).toEqual([]);
    const slow = {
      encode: async (v: unknown) => good.encode(v),
      decode: async (b: Uint8Array) => good.decode(b),
    };
    expect(await failed(slow)).toEqual([]);
  });

  it('gives each case a title of its own', () => {
    const titles = codecConformance(good).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('gives cases that can run more than once', async () => {
    for (const { run } of codecConformance(good, { numRuns: 5 }).slice(0, 4)) {
      await run();
      await run();
    }
  });

  it.each([
    { contentType: '' },
    { contentType: 'json' },
    { contentType: `a/b;c=${'d'.repeat(250)}` },
    { contentEncoding: '' },
    { contentEncoding: 'ż' },
    { aliases: [{ contentType: 'nope' }] },
  ])('catches the kind %j', async (faults) => {
    expect(await failed(faults)).toEqual([
      'names content types and encodings that fit into a message',
    ]);
  });

  it('catches a kind named twice', async () => {
    const aliases = [{ contentType: 'Application/JSON' }];
    expect(await failed({ aliases })).toEqual(['names no kind twice']);
  });

  it('catches text that loses characters', async () => {
    const lossy = (value: unknown) =>
      Buffer.from(Buffer.from(encodeGood(value)).toString('latin1'));
    expect(await failed({ encode: lossy })).toContain('carries every value of JSON');
  });

  it.each(['undefined', 'date', 'bigint', 'bytes', 'nonFinite'] as const)(
    'catches that JSON does not carry %s values, where it is said to',
    async (kind) => {
      const title = `carries ${kind} values`;
      expect(await failed({}, { supports: { [kind]: true } })).toContain(title);
      expect(await failed({}, { supports: { [kind]: false } })).toEqual([]);
    },
  );

  it('catches a value given that does not come back', async () => {
    expect(await failed({}, { values: [{ a: new Map() }] })).toEqual(['carries the values given']);
  });

  it('catches undefined that comes back as something else, or not', async () => {
    const title = 'writes undefined, the result of a function without one';
    const refuses = (value: unknown) => {
      if (value === undefined) throw new TypeError('undefined');
      return good.encode(value);
    };
    expect(await failed({ encode: refuses })).toEqual([title]);
    const changes = (value: unknown) => good.encode(value === undefined ? 'undefined' : value);
    expect(await failed({ encode: changes })).toEqual([title]);
  });

  it('catches a limit on size', async () => {
    const encode = async (value: unknown) => {
      const bytes = await good.encode(value);
      if (bytes.length > 500_000) throw new RangeError('too large');
      return bytes;
    };
    expect(await failed({ encode })).toEqual(['carries values of a mebibyte']);
  });

  it('catches an encode that changes its argument', async () => {
    const encode = (value: unknown) => {
      const bytes = good.encode(value);
      if (Array.isArray(value)) value.push('extra');
      return bytes;
    };
    expect(await failed({ encode })).toContain('leaves the value that it writes as it was');
  });

  it('catches overlapping calls that mix up their values', async () => {
    let current: unknown;
    const encode = async (value: unknown) => {
      current = value;
      await null;
      return good.encode(current);
    };
    expect(await failed({ encode })).toEqual(['keeps calls that overlap apart']);
  });

  it('catches bytes that the next call writes over', async () => {
    const shared = Buffer.alloc(4 * 1024 * 1024);
    const encode = (value: unknown) => {
      const bytes = encodeGood(value === undefined ? null : value);
      if (bytes.length === 0 || bytes.length > shared.length) throw new TypeError('no form for it');
      shared.set(bytes);
      return shared.subarray(0, bytes.length);
    };
    expect(await failed({ encode })).toContain('gives bytes that later calls leave alone');
  });

  it('catches a decode that reads the whole buffer behind a window', async () => {
    const decode = (bytes: Uint8Array) => good.decode(new Uint8Array(bytes.buffer));
    const encode = (value: unknown) => {
      if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError('no form');
      return encodeGood(value === undefined ? null : value);
    };
    expect(await failed({ encode, decode })).toContain('reads a window on a larger buffer');
  });

  it('catches a decode that changes its bytes', async () => {
    const decode = (bytes: Uint8Array) => {
      const value = good.decode(Uint8Array.from(bytes));
      bytes.fill(0, 0, 1);
      return value;
    };
    expect(await failed({ decode })).toContain('leaves the bytes that it reads as they were');
  });

  it('catches a value that is a view of the bytes it came in', async () => {
    expect(await failed({ decode: lazily })).toContain(
      'keeps nothing of the bytes that it has read',
    );
  });

  it('catches a throw of something that is no Error', async () => {
    const decode = (bytes: Uint8Array) => {
      try {
        return good.decode(bytes);
      } catch {
        throw 'bad';
      }
    };
    expect(await failed({ decode })).toEqual(
      expect.arrayContaining([
        'ends on random bytes in a value or an Error',
        'ends on a body cut short at any place in a value or an Error',
        'ends on a body with any one byte changed in a value or an Error',
        'refuses an empty body',
      ]),
    );
  });

  const DECLARED = Buffer.from([0xc6, 0xff, 0xff, 0xff, 0xff]);

  it('catches memory taken for a size that is merely declared', async () => {
    const held: unknown[] = [];
    const decode = (bytes: Uint8Array) => {
      // The whole of a bin 32 of 2^32 - 1 bytes: random bytes are no such thing by chance.
      if (DECLARED.equals(bytes.subarray(0, 5))) held.push(Buffer.alloc(2 ** 30));
      return good.decode(bytes);
    };
    expect(await failed({ decode })).toEqual([
      'allocates nothing for sizes that a body merely declares',
    ]);
    expect(held.length).toBeGreaterThan(0);
  });

  it('catches a body that takes long', async () => {
    const decode = (bytes: Uint8Array) => {
      const until = process.cpuUsage().user + 400_000;
      if (bytes[0] === 0xc6 && bytes[1] === 0xff) while (process.cpuUsage().user < until);
      return good.decode(bytes);
    };
    expect(await failed({ decode }, { maxMillis: 300 })).toEqual([
      'allocates nothing for sizes that a body merely declares',
    ]);
  });

  it('catches an empty body that reads as a value', async () => {
    const decode = (bytes: Uint8Array) => (bytes.length === 0 ? null : good.decode(bytes));
    expect(await failed({ decode })).toEqual(['refuses an empty body']);
  });

  it('catches state that a refusal leaves behind', async () => {
    let broken = false;
    const decode = (bytes: Uint8Array) => {
      if (broken) {
        broken = false;
        return 'not what was sent';
      }
      try {
        return good.decode(bytes);
      } catch (error) {
        broken = bytes.length > 0;
        throw error;
      }
    };
    expect(await failed({ decode })).toContain('works on after bodies that it refused');
  });

  it('catches functions written as something else', async () => {
    const encode = (value: unknown) => good.encode(typeof value === 'function' ? null : value);
    expect(await failed({ encode })).toEqual(['refuses to write functions and symbols']);
  });

  it('catches deep values that come out of a body, also a dressed one', async () => {
    const title = 'gives no value that nests too deep to recurse over';
    expect(
      await failed({ decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) }),
    ).toContain(title);
    const dressed = (bytes: Uint8Array) =>
      bytes[0] === 0 ? JSON.parse(Buffer.from(bytes.subarray(1)).toString()) : good.decode(bytes);
    const wrap = (bytes: Uint8Array) => Uint8Array.from([0, ...bytes]);
    expect(await failed({ decode: dressed }, { wrap })).toEqual([title]);
  });

  it('catches a depth limit below 100', async () => {
    const decode = (bytes: Uint8Array) => {
      if (Buffer.from(bytes).includes('[{"a":'.repeat(40))) throw new RangeError('too deep');
      return good.decode(bytes);
    };
    expect(await failed({ decode })).toEqual([
      'writes values nested 100 deep, and reads them back',
    ]);
  });

  it('catches a deep or circular value that ends in no Error', async () => {
    const encode = (value: unknown) => {
      try {
        return good.encode(value);
      } catch (error) {
        if (error instanceof RangeError) throw 'deep';
        if (error instanceof TypeError && /circular/.test(error.message))
          return Buffer.from('null');
        throw error;
      }
    };
    expect(await failed({ encode })).toEqual([
      'ends on a value nested 100000 deep in bytes or an Error',
      'refuses to write a circular value',
    ]);
  });
});

/** What `good` reads, but each array only when it is looked at. */
function lazily(bytes: Uint8Array): unknown {
  const value = good.decode(bytes);
  if (!Array.isArray(value)) return value;
  return new Proxy(value, { get: (_, key) => Reflect.get(Object(good.decode(bytes)), key) });
}

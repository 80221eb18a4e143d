import { gunzipSync, gzipSync } from 'node:zlib';
import { jsonCodec } from '@leveret/codec-json';
import { type Codec, LeveretError } from '@leveret/core';
import { describe, expect, it } from 'vitest';
import { gzipCodec } from './gzip-codec.ts';

const codec = gzipCodec(jsonCodec());
const zippedJson = (value: unknown): Buffer => gzipSync(jsonCodec().encode(value));

/** A zipped body whose checksum, four bytes before the size at its end, is wrong. */
function wrongChecksum(value: unknown): Buffer {
  const zipped = zippedJson(value);
  zipped.subarray(-8, -4).fill(7);
  return zipped;
}

/** The `LeveretError` that `run` throws, or rejects with. */
async function failure(run: () => unknown): Promise<LeveretError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof LeveretError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** JSON, but with promises. */
const slowJson: Codec = {
  contentType: 'application/json',
  encode: async (value) => jsonCodec().encode(value),
  decode: async (bytes) => jsonCodec().decode(bytes),
};

describe('gzipCodec(inner)', () => {
  it('writes gzip of what the inner codec writes, and says so', async () => {
    expect(gunzipSync(await codec.encode({ a: 1 })).toString()).toBe('{"a":1}');
    expect(codec).toMatchObject({ contentType: 'application/json', contentEncoding: 'gzip' });
  });

  it('handles small bodies at once and large ones with a promise', async () => {
    const large = { text: 'x'.repeat(65_536) };
    const small = codec.encode({ a: 1 });
    expect(small).toBeInstanceOf(Uint8Array);
    expect(codec.decode(zippedJson({ a: 1 }))).toEqual({ a: 1 });
    const bytes = codec.encode(large);
    expect(bytes).toBeInstanceOf(Promise);
    const value = codec.decode(await bytes);
    expect(value).toBeInstanceOf(Promise);
    expect(await value).toEqual(large);
  });

  it('writes small bodies that keep hold of little more memory than they fill', () => {
    const memory = new Set<ArrayBufferLike>();
    for (let a = 0; a < 100; a++) {
      const body = codec.encode({ a });
      if (body instanceof Uint8Array) memory.add(body.buffer);
    }
    const bytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(100 * 1024);
  });

  it('takes asyncAbove to the byte, both ways', () => {
    const exact = gzipCodec(jsonCodec(), { asyncAbove: 100 });
    const text = (bytes: number) => 'x'.repeat(bytes - 2);
    expect(exact.encode(text(100))).toBeInstanceOf(Uint8Array);
    expect(exact.encode(text(101))).toBeInstanceOf(Promise);
    expect(exact.decode(zippedJson(text(100)))).toBe(text(100));
    expect(exact.decode(zippedJson(text(101)))).toBeInstanceOf(Promise);
  });

  it('waits for an inner codec that has promises', async () => {
    const slow = gzipCodec(slowJson);
    const large = { text: 'x'.repeat(100_000) };
    for (const value of [{ a: 1 }, large])
      expect(await slow.decode(await slow.encode(value))).toEqual(value);
  });

  it('passes on what the inner codec throws', async () => {
    expect((await failure(() => codec.encode(1n))).message).toMatch(/BigInt/);
    expect((await failure(() => codec.decode(gzipSync('nope')))).message).toMatch(
      /not acceptable JSON/,
    );
    expect((await failure(() => gzipCodec(slowJson).encode(1n))).message).toMatch(/BigInt/);
  });

  it('reads a body that is a window on a larger buffer', () => {
    const zipped = zippedJson({ a: 1 });
    const whole = new Uint8Array([9, 9, ...zipped, 9, 9]);
    expect(codec.decode(whole.subarray(2, -2))).toEqual({ a: 1 });
  });

  it('reads several members as one body, and zeros after it as padding', () => {
    expect(codec.decode(Buffer.concat([gzipSync('{"a":'), gzipSync('1}')]))).toEqual({ a: 1 });
    expect(codec.decode(Buffer.concat([zippedJson(7), Buffer.alloc(20)]))).toBe(7);
  });

  it('reads a body cut short at any place as CODEC', async () => {
    const zipped = zippedJson({ text: 'a text of some length, a text of some length' });
    for (let end = 0; end < zipped.length; end++)
      expect((await failure(() => codec.decode(zipped.subarray(0, end)))).code).toBe('CODEC');
  });

  it.each([
    ['no gzip at all', Buffer.from('{"a":1}')],
    ['something after the body', Buffer.concat([zippedJson(1), Buffer.from('x')])],
    ['a wrong checksum', wrongChecksum({ a: 1 })],
  ])('refuses %s with CODEC and the cause', async (_, body) => {
    expect(await failure(() => codec.decode(body))).toMatchObject({
      code: 'CODEC',
      cause: expect.any(Error),
    });
  });

  it('refuses damage in a large body with CODEC too', async () => {
    const zipped = wrongChecksum('x'.repeat(100_000));
    expect(await failure(() => codec.decode(zipped))).toMatchObject({ code: 'CODEC' });
  });
});

describe('gzipCodec against bombs', () => {
  const limited = gzipCodec(jsonCodec(), { maxOutputBytes: 1000, asyncAbove: 100 });

  it('allows exactly maxOutputBytes, both ways', async () => {
    const text = 'x'.repeat(998);
    expect(await limited.decode(await limited.encode(text))).toBe(text);
    expect((await failure(() => limited.encode(`${text}x`))).message).toMatch(
      /maxOutputBytes, 1000/,
    );
    expect((await failure(() => limited.decode(zippedJson(`${text}x`)))).message).toMatch(
      /CODEC: .*maxOutputBytes, 1000/,
    );
  });

  it('stops a bomb at the default limit, naming it', async () => {
    const member = gzipSync(Buffer.alloc(16 * 2 ** 20));
    const bomb = Buffer.concat(Array.from({ length: 64 }, () => member));
    expect((await failure(() => codec.decode(bomb))).message).toMatch(/67108864 bytes/);
  });

  it('does not believe the size that a body announces', async () => {
    const text = 'x'.repeat(500);
    const member = zippedJson(text);
    const liar = Buffer.concat([member, gzipSync('')]);
    expect(liar.readUInt32LE(liar.length - 4)).toBe(0);
    expect(await limited.decode(liar)).toBe(text);
    const bomb = Buffer.concat([gzipSync(Buffer.alloc(5000)), gzipSync('')]);
    expect((await failure(() => limited.decode(bomb))).message).toMatch(/maxOutputBytes/);
  });

  it('refuses at once what exceeds a limit below asyncAbove', async () => {
    const tight = gzipCodec(jsonCodec(), { maxOutputBytes: 10 });
    expect(() => tight.decode(zippedJson('x'.repeat(20)))).toThrow(/maxOutputBytes, 10/);
  });
});

describe('gzipCodec(inner, options)', () => {
  it('speaks with aio-pika’s CompressedJsonMaster', async () => {
    const python = gzipCodec(jsonCodec(), { form: 'aio-pika' });
    expect(python.contentType).toBe('application/json;compression=gzip');
    expect(python).not.toHaveProperty('contentEncoding');
    expect(python.aliases).toEqual([{ contentType: 'application/json', contentEncoding: 'gzip' }]);
    // python3 -c "import gzip; print(gzip.compress(b'{\"task_id\": 7}', mtime=0).hex())"
    const hex = '1f8b0800000000000203ab562a492cce8ecf4c51b25230af0500a4f7b4710e000000';
    expect(python.decode(Buffer.from(hex, 'hex'))).toEqual({ task_id: 7 });
  });

  it('presses harder at a higher level', async () => {
    const value = Array.from({ length: 2000 }, (_, i) => ({
      id: i,
      name: `name ${(i * 7919) % 997}`,
    }));
    const sizes = [0, 1, 9].map(
      async (level) => (await gzipCodec(jsonCodec(), { level }).encode(value)).length,
    );
    const [none = 0, fast = 0, best = 0] = await Promise.all(sizes);
    expect(none).toBeGreaterThan(fast);
    expect(fast).toBeGreaterThan(best);
  });

  it.each([
    { level: 10 },
    { level: -1 },
    { level: 1.5 },
    { maxOutputBytes: 0 },
    { maxOutputBytes: Infinity },
    { asyncAbove: -1 },
    { asyncAbove: Number.NaN },
  ])('refuses %j with INVALID_ARGUMENT', async (options) => {
    expect((await failure(() => gzipCodec(jsonCodec(), options))).code).toBe('INVALID_ARGUMENT');
  });

  it('refuses an unknown form, and a codec that zips already, with INVALID_ARGUMENT', async () => {
    const options: object = { form: 'zip' };
    expect((await failure(() => gzipCodec(jsonCodec(), options))).code).toBe('INVALID_ARGUMENT');
    expect((await failure(() => gzipCodec(codec))).code).toBe('INVALID_ARGUMENT');
    const python = gzipCodec(jsonCodec(), { form: 'aio-pika' });
    expect((await failure(() => gzipCodec(python))).code).toBe('INVALID_ARGUMENT');
  });
});

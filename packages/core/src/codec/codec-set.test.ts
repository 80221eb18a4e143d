import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import type { Codec, ContentKind } from './codec.ts';
import { CodecSet } from './codec-set.ts';

const bytes = new Uint8Array([1, 2]);

/** A codec that decodes to its own name. */
function codec(
  contentType: string,
  contentEncoding?: string,
  aliases: readonly ContentKind[] = [],
): Codec {
  const kind = contentEncoding === undefined ? { contentType } : { contentType, contentEncoding };
  return {
    ...kind,
    aliases,
    encode: () => bytes,
    decode: () => `${contentType} ${contentEncoding ?? ''}`.trim(),
  };
}

const json = codec('application/json');
const zipped = codec('application/json', 'gzip', [
  { contentType: 'application/json;compression=gzip' },
]);
const msgpack = codec('application/msgpack');
const latin = codec('text/plain; charset=latin1');
const text = codec('text/plain');
const set = new CodecSet({ codec: json, accept: [zipped, msgpack, latin, text] });

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('choosing a codec', () => {
  it.each<[string | undefined, string | undefined, Codec]>([
    ['application/json', undefined, json],
    ['application/json', '', json],
    ['application/json', 'utf-8', json],
    ['application/json', 'UTF8', json],
    ['application/json', 'gzip', zipped],
    ['application/json', 'GZIP', zipped],
    ['APPLICATION/JSON', 'Gzip', zipped],
    ['Application/Json', undefined, json],
    ['application/json; charset=utf-8', undefined, json],
    ['application/json;charset=UTF-8', 'gzip', zipped],
    ['application/json;compression=gzip', undefined, zipped],
    ['application/json; Compression=GZIP ; charset=utf-8', undefined, zipped],
    ['application/json;', undefined, json],
    [' application/msgpack ', undefined, msgpack],
    ['text/plain;charset=latin1', undefined, latin],
    ['text/plain;charset=utf-8', undefined, text],
    [undefined, undefined, json],
    ['', undefined, json],
    [undefined, 'utf-8', json],
    [undefined, 'gzip', zipped],
  ])('%j with encoding %j', (contentType, contentEncoding, chosen) => {
    expect(set.select({ contentType, contentEncoding })).toBe(chosen);
    // The second time it comes from memory.
    expect(set.select({ contentType, contentEncoding })).toBe(chosen);
  });

  it.each([
    { contentType: 'application/xml' },
    { contentType: 'application/json', contentEncoding: 'br' },
    { contentType: 'application/msgpack', contentEncoding: 'gzip' },
    { contentType: 'application/json;compression=br' },
    { contentType: 'json' },
    { contentType: '; charset=utf-8' },
    { contentEncoding: 'br' },
  ])('refuses $contentType with encoding $contentEncoding', (kind) => {
    for (const error of [
      thrown(() => set.select(kind)),
      thrown(() => set.decode({ body: bytes, ...kind })),
    ])
      expect(error).toMatchObject({ code: 'UNSUPPORTED_CONTENT_TYPE', retryable: false });
  });

  it('names the content type and encoding that nobody understands', () => {
    const error = thrown(() => set.select({ contentType: 'a/b', contentEncoding: 'br' }));
    expect(error instanceof LeveretError && error.message).toContain('a/b with encoding br');
  });

  it('prefers the codec that writes to one that only reads the same kind, and earlier to later ones', () => {
    const first = codec('application/json');
    const second = codec('application/json');
    const third = codec('a/b');
    const fourth = codec('c/d', undefined, [{ contentType: 'a/b' }]);
    const both = new CodecSet({ codec: first, accept: [second, third, fourth] });
    expect(both.select({ contentType: 'application/json' })).toBe(first);
    expect(both.select({ contentType: 'a/b' })).toBe(third);
  });

  it('gives what has no content type to the codec that writes, whatever that is', () => {
    const only = new CodecSet({ codec: msgpack });
    expect(only.decode({ body: bytes })).toBe('application/msgpack');
  });

  it('goes on choosing rightly after more spellings than it remembers', () => {
    for (let n = 0; n < 500; n++)
      expect(set.select({ contentType: `application/msgpack;charset=x${n}` })).toBe(msgpack);
    expect(set.select({ contentType: 'application/JSON' })).toBe(json);
    expect(() => set.select({ contentType: 'application/xml' })).toThrow();
  });
});

describe('encoding', () => {
  it('gives bytes with the kind of the codec, at once where the codec does', () => {
    expect(set.encode(1)).toEqual({ body: bytes, contentType: 'application/json' });
    expect(set.encode(1, zipped)).toEqual({
      body: bytes,
      contentType: 'application/json',
      contentEncoding: 'gzip',
    });
  });

  it('waits for a codec that gives a promise', async () => {
    const slow = new CodecSet({ codec: { ...zipped, encode: async () => bytes } });
    const encoded = slow.encode(1);
    expect(encoded).toBeInstanceOf(Promise);
    expect(await encoded).toEqual({
      body: bytes,
      contentType: 'application/json',
      contentEncoding: 'gzip',
    });
  });

  it('hands the value over as it is', () => {
    const seen: unknown[] = [];
    const value = { a: 1 };
    const encode = (each: unknown): Uint8Array => {
      seen.push(each);
      return bytes;
    };
    new CodecSet({ codec: { ...json, encode } }).encode(value);
    expect(seen[0]).toBe(value);
  });
});

describe('decoding', () => {
  it('gives the value, at once where the codec does, falsy ones included', () => {
    expect(set.decode({ body: bytes, contentType: 'application/msgpack' })).toBe(
      'application/msgpack',
    );
    for (const value of [undefined, null, 0, '', false])
      expect(
        new CodecSet({ codec: { ...json, decode: () => value } }).decode({ body: bytes }),
      ).toBe(value);
  });

  it('waits for a codec that gives a promise', async () => {
    const slow = new CodecSet({ codec: { ...json, decode: async () => 'slow' } });
    const decoded = slow.decode({ body: bytes });
    expect(decoded).toBeInstanceOf(Promise);
    expect(await decoded).toBe('slow');
  });

  it('hands over the very bytes that were sent', () => {
    const seen: Uint8Array[] = [];
    new CodecSet({ codec: { ...json, decode: (each) => seen.push(each) } }).decode({ body: bytes });
    expect(seen[0]).toBe(bytes);
  });
});

describe('what a codec throws', () => {
  const boom = new TypeError('boom');
  const throwing = (error: Error): Codec => ({
    ...json,
    encode: () => {
      throw error;
    },
    decode: () => {
      throw error;
    },
  });
  const rejecting = (error: Error): Codec => ({
    ...json,
    encode: () => Promise.reject(error),
    decode: () => Promise.reject(error),
  });

  it('is CODEC with the cause, naming the content type, thrown or as a promise', async () => {
    const sync = new CodecSet({ codec: throwing(boom) });
    const expected = { code: 'CODEC', cause: boom };
    expect(thrown(() => sync.encode(1))).toMatchObject({
      ...expected,
      message: 'CODEC: application/json could not encode',
    });
    expect(thrown(() => sync.decode({ body: bytes }))).toMatchObject({
      ...expected,
      message: 'CODEC: application/json could not decode',
    });
    const slow = new CodecSet({ codec: rejecting(boom) });
    await expect(slow.encode(1)).rejects.toMatchObject(expected);
    await expect(slow.decode({ body: bytes })).rejects.toMatchObject(expected);
  });

  it('is passed on where it is CODEC already', async () => {
    const own = new LeveretError('CODEC', 'in its own words');
    expect(thrown(() => new CodecSet({ codec: throwing(own) }).encode(1))).toBe(own);
    await expect(new CodecSet({ codec: rejecting(own) }).decode({ body: bytes })).rejects.toBe(own);
  });

  it('is CODEC also where it is another error of ours', () => {
    const other = new LeveretError('UNSUPPORTED_CONTENT_TYPE', 'inside');
    const codecs = new CodecSet({ codec: throwing(other) });
    expect(thrown(() => codecs.decode({ body: bytes }))).toMatchObject({
      code: 'CODEC',
      cause: other,
    });
  });
});

it('reports a codec that gives something else than bytes', () => {
  const codec = { contentType: 'a/b', encode: () => JSON.parse('"text"'), decode: () => 1 };
  expect(() => new CodecSet({ codec }).encode(1)).toThrow(
    expect.objectContaining({ code: 'CODEC' }),
  );
});

describe('a codec whose promises are not native ones', () => {
  const promise = runInNewContext('(value) => Promise.resolve(value)');
  const codec = { ...json, encode: () => promise(bytes), decode: () => promise('decoded') };

  it('is waited for, when it encodes and when it decodes', async () => {
    const codecs = new CodecSet({ codec });
    const encoding = codecs.encode(1);
    expect(encoding).toBeInstanceOf(Promise);
    expect(await encoding).toEqual({ body: bytes, contentType: 'application/json' });
    const decoding = codecs.decode({ body: bytes });
    expect(decoding).toBeInstanceOf(Promise);
    expect(await decoding).toBe('decoded');
  });

  it('and that fails is CODEC with the cause', async () => {
    const boom = new TypeError('boom');
    const rejecting = () => runInNewContext('(e) => Promise.reject(e)')(boom);
    const codecs = new CodecSet({ codec: { ...json, encode: rejecting, decode: rejecting } });
    const expected = { code: 'CODEC', cause: boom };
    await expect(codecs.encode(1)).rejects.toMatchObject(expected);
    await expect(codecs.decode({ body: bytes })).rejects.toMatchObject(expected);
  });
});

describe('options that hold no codec', () => {
  const { contentType, encode, decode } = json;

  it.each<[field: string, options: unknown]>([
    ['options', undefined],
    ['options', null],
    ['options', 5],
    ['codec', {}],
    ['codec', { codec: null }],
    ['codec.contentType', { codec: {} }],
    ['codec.contentType', { codec: { contentType: 5, encode, decode } }],
    ['codec.contentEncoding', { codec: { contentType, contentEncoding: 5, encode, decode } }],
    ['codec.encode', { codec: { contentType, decode } }],
    ['codec.decode', { codec: { contentType, encode, decode: 'json' } }],
    ['codec.aliases', { codec: { ...json, aliases: 5 } }],
    ['codec.aliases[0]', { codec: { ...json, aliases: ['a/b'] } }],
    ['accept', { codec: json, accept: 5 }],
    ['accept', { codec: json, accept: null }],
    ['accept', { codec: json, accept: text }],
    ['accept[0]', { codec: json, accept: [undefined] }],
    ['accept[1].contentType', { codec: json, accept: [text, {}] }],
  ])('are INVALID_ARGUMENT and name %s: %j', (field, options) => {
    const error = thrown(() => Reflect.construct(CodecSet, [options]));
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`INVALID_ARGUMENT: ${field} must be`),
    });
  });
});

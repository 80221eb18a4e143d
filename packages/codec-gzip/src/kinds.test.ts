import { describe, expect, it } from 'vitest';
import { zippedKinds } from './kinds.ts';

describe('zippedKinds', () => {
  const json = { contentType: 'application/json' };

  it('writes one form and reads the other', () => {
    const encoding = { contentType: 'application/json', contentEncoding: 'gzip' };
    const aioPika = { contentType: 'application/json;compression=gzip' };
    expect(zippedKinds(json, 'encoding')).toEqual({ main: encoding, aliases: [aioPika] });
    expect(zippedKinds(json, 'aio-pika')).toEqual({ main: aioPika, aliases: [encoding] });
  });

  it('reads the aliases of the inner codec in both forms', () => {
    const inner = { contentType: 'a/b', aliases: [{ contentType: 'a/c' }] };
    expect(zippedKinds(inner, 'encoding').aliases).toEqual([
      { contentType: 'a/b;compression=gzip' },
      { contentType: 'a/c', contentEncoding: 'gzip' },
      { contentType: 'a/c;compression=gzip' },
    ]);
  });

  it('puts gzip after an encoding of the inner codec', () => {
    const inner = { contentType: 'a/b', contentEncoding: 'aes128gcm' };
    expect(zippedKinds(inner, 'encoding')).toEqual({
      main: { contentType: 'a/b', contentEncoding: 'aes128gcm, gzip' },
      aliases: [{ contentType: 'a/b;compression=gzip', contentEncoding: 'aes128gcm' }],
    });
  });

  it('takes a character set for no encoding', () => {
    const inner = { contentType: 'a/b', contentEncoding: 'UTF-8' };
    expect(zippedKinds(inner, 'encoding').main.contentEncoding).toBe('gzip');
  });

  it.each([
    { contentType: 'a/b', contentEncoding: 'gzip' },
    { contentType: 'a/b', contentEncoding: 'aes128gcm, GZIP' },
    { contentType: 'a/b; Compression=gzip' },
  ])('refuses to zip %j again with INVALID_ARGUMENT', (inner) => {
    expect(() => zippedKinds(inner, 'encoding')).toThrow(/^INVALID_ARGUMENT: .*zips already/);
  });
});

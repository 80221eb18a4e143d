import { describe, expect, it } from 'vitest';
import { ByteReader } from './byte-reader.ts';

const missing: unknown = expect.objectContaining({ code: 501 });

describe('ByteReader', () => {
  it.each<[string, number, (reader: ByteReader) => unknown]>([
    ['octet', 1, (r) => r.octet()],
    ['short', 2, (r) => r.short()],
    ['long', 4, (r) => r.long()],
    ['longlong', 8, (r) => r.longlong()],
    ['int8', 1, (r) => r.int8()],
    ['int16', 2, (r) => r.int16()],
    ['int32', 4, (r) => r.int32()],
    ['int64', 8, (r) => r.int64()],
    ['uint64', 8, (r) => r.uint64()],
    ['float', 4, (r) => r.float()],
    ['double', 8, (r) => r.double()],
    ['three bytes', 3, (r) => r.bytes(3)],
    ['empty longstr', 4, (r) => r.longstr()],
    ['empty shortstr', 1, (r) => r.shortstr()],
    ['empty utf8Shortstr', 1, (r) => r.utf8Shortstr()],
  ])('reads %s up to the end, and nothing past it', (_what, size, read) => {
    const reader = new ByteReader(Buffer.alloc(size));
    expect(reader.atEnd).toBe(false);
    read(reader);
    expect(reader.atEnd).toBe(true);
    expect(() => read(reader)).toThrow(missing);
    // Bytes behind the view do not count as there.
    expect(() => read(new ByteReader(Buffer.alloc(size).subarray(0, -1)))).toThrow(missing);
  });

  it('refuses text and bytes that are longer than what is left', () => {
    expect(() => new ByteReader(Buffer.from([3, 0x61, 0x62])).shortstr()).toThrow(missing);
    expect(() => new ByteReader(Buffer.from([3, 0x61, 0x62])).utf8Shortstr()).toThrow(missing);
    expect(() => new ByteReader(Buffer.from([0, 0, 0, 2, 1])).longstr()).toThrow(missing);
    expect(() => new ByteReader(Buffer.alloc(8, 0xff)).longstr()).toThrow(missing);
  });

  it('reads unsigned numbers as such', () => {
    const ones = Buffer.alloc(8, 0xff);
    expect(new ByteReader(ones).octet()).toBe(255);
    expect(new ByteReader(ones).short()).toBe(65_535);
    expect(new ByteReader(ones).long()).toBe(4_294_967_295);
    expect(new ByteReader(ones).uint64()).toBe(2n ** 64n - 1n);
    expect(new ByteReader(ones).int64()).toBe(-1n);
  });

  it('reads text of any planes of Unicode', () => {
    for (const text of ['', 'a', 'key.of.orders', 'é', 'a€', '😀'.repeat(63)]) {
      const bytes = Buffer.from(text);
      const short = Buffer.concat([Buffer.from([bytes.length]), bytes]);
      expect(new ByteReader(short).shortstr()).toBe(text);
      expect(new ByteReader(short).utf8Shortstr()).toBe(text);
    }
  });

  it('cuts text that is not UTF-8 to what can be written again', () => {
    const bytes = Buffer.alloc(256, 0xff);
    expect(new ByteReader(bytes).shortstr()).toBe('\uFFFD'.repeat(85));
    const ascii = Buffer.concat([Buffer.from([255]), Buffer.alloc(255, 'a')]);
    expect(new ByteReader(ascii).shortstr()).toBe('a'.repeat(255));
  });

  it('begins where it is told', () => {
    expect(new ByteReader(Buffer.from([1, 2, 3]), 2).octet()).toBe(3);
  });
});

import { describe, expect, it } from 'vitest';
import { ByteWriter } from './byte-writer.ts';

describe('ByteWriter', () => {
  it('keeps in one piece what was written since begin', () => {
    const writer = new ByteWriter(8);
    writer.long(1);
    writer.begin();
    writer.long(2);
    writer.long(3);
    expect(writer.take()).toEqual([
      Buffer.from([0, 0, 0, 1]),
      Buffer.from([0, 0, 0, 2, 0, 0, 0, 3]),
    ]);
  });

  it('fills in a length also when the slab has changed meanwhile', () => {
    const writer = new ByteWriter(8);
    writer.octet(9);
    writer.begin();
    const outer = writer.beginLength();
    const inner = writer.beginLength();
    writer.bytes(Buffer.alloc(20, 7));
    writer.endLength(inner);
    writer.endLength(outer);
    const expected = [[9], [0, 0, 0, 24, 0, 0, 0, 20, ...Buffer.alloc(20, 7)]];
    expect(writer.take()).toEqual(expected.map((octets) => Buffer.from(octets)));
  });

  it('writes on in the same slab after a take', () => {
    const writer = new ByteWriter(8);
    writer.long(1);
    const [first] = writer.take();
    writer.long(2);
    const [second] = writer.take();
    expect(second?.buffer).toBe(first?.buffer);
    expect(first).toEqual(Buffer.from([0, 0, 0, 1]));
  });

  it('takes bytes by reference between those that it copies', () => {
    const writer = new ByteWriter(8);
    const referred = new Uint8Array([4, 5, 6]).subarray(1);
    writer.octet(1);
    writer.appendByReference(referred);
    writer.octet(2);
    expect(writer.byteLength).toBe(4);
    const pieces = writer.take();
    expect(pieces).toEqual([Buffer.from([1]), Buffer.from([5, 6]), Buffer.from([2])]);
    expect(pieces[1]?.buffer).toBe(referred.buffer);
  });

  it('takes back what was written since begin', () => {
    const writer = new ByteWriter(8);
    writer.octet(1);
    writer.begin();
    writer.bytes(Buffer.alloc(30));
    writer.rewind();
    writer.octet(2);
    expect(Buffer.concat(writer.take())).toEqual(Buffer.from([1, 2]));
  });

  it.each(['a', 'é', '€', '😀', 'plain', 'pläin', 'x'.repeat(255), '😀'.repeat(63)])(
    'writes the text %s with its length in bytes',
    (text) => {
      const writer = new ByteWriter(8);
      writer.shortstr(text);
      const bytes = Buffer.from(text);
      expect(Buffer.concat(writer.take())).toEqual(
        Buffer.concat([Buffer.from([bytes.length]), bytes]),
      );
    },
  );

  it('writes a lone surrogate as U+FFFD', () => {
    const writer = new ByteWriter(8);
    writer.shortstr('a\ud800');
    expect(Buffer.concat(writer.take())).toEqual(Buffer.from([4, 0x61, 0xef, 0xbf, 0xbd]));
  });

  it('refuses text of more than 255 bytes', () => {
    const writer = new ByteWriter(8);
    for (const text of ['x'.repeat(256), 'é'.repeat(128)]) {
      expect(() => writer.shortstr(text)).toThrow(expect.objectContaining({ code: 541 }));
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeaderTable, HeaderValue } from '../../message/message.ts';
import { ProtocolViolation } from './failures.ts';
import { readTable as readWithin, tableSize, writeTable } from './table.ts';

function written(table: HeaderTable): Buffer {
  const bytes = Buffer.alloc(tableSize(table), 0xaa);
  expect(writeTable(bytes, 0, table)).toBe(bytes.length);
  return bytes;
}

function readTable(bytes: Buffer, at: number): ReturnType<typeof readWithin> {
  return readWithin(bytes, at, bytes.length);
}

function prefixed(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

/** A table with one value, `k`, as it stands on the wire. */
function wire(value: readonly number[] | Buffer): Buffer {
  return prefixed(Buffer.concat([Buffer.from('\x01k'), Buffer.from(value)]));
}

/** A value with its letter: arrays in arrays, or tables in tables, around one more value. */
function nested(letter: 'A' | 'F', depth: number): Buffer {
  const name = letter === 'A' ? '' : '\x01n';
  const step = 5 + name.length;
  const bytes = Buffer.alloc(depth * step + 1, 'V');
  for (let level = 0; level < depth; level++) {
    const at = level * step;
    bytes.write(letter, at);
    bytes.writeUInt32BE(bytes.length - at - 5, at + 1);
    bytes.write(name, at + 5);
  }
  return bytes;
}

const letters: fc.Arbitrary<HeaderValue> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.maxSafeInteger(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((each) => !Number.isInteger(each)),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  fc.boolean(),
  fc.constant(null),
  fc.date({ min: new Date(0), noInvalidDate: true }).map((date) => {
    date.setUTCMilliseconds(0);
    return date;
  }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);

const tables: fc.Arbitrary<HeaderTable> = fc.letrec<{ table: HeaderTable; value: HeaderValue }>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      letters,
      fc.array(tie('value'), { maxLength: 4 }),
      tie('table'),
    ),
    table: fc.dictionary(
      fc.string({ unit: 'grapheme', maxLength: 20 }).filter((name) => name !== '__proto__'),
      tie('value'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  }),
).table;

describe('a table', () => {
  it('comes back as it was, whatever is in it and wherever it stands', () => {
    fc.assert(
      fc.property(tables, fc.nat(9), fc.nat(9), (table, before, after) => {
        const bytes = Buffer.concat([Buffer.alloc(before), written(table), Buffer.alloc(after)]);
        expect(readTable(bytes, before)).toStrictEqual({ table, end: bytes.length - after });
      }),
    );
  });

  it.each<[string, HeaderValue, number[]]>([
    ['b', -128, [0x62, 0x80]],
    ['s', 128, [0x73, 0, 0x80]],
    ['I', -32_769, [0x49, 0xff, 0xff, 0x7f, 0xff]],
    ['l', 2 ** 31, [0x6c, 0, 0, 0, 0, 0x80, 0, 0, 0]],
    ['l', -(2n ** 63n), [0x6c, 0x80, 0, 0, 0, 0, 0, 0, 0]],
    ['d', 1.5, [0x64, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]],
    ['d', -0, [0x64, 0x80, 0, 0, 0, 0, 0, 0, 0]],
    ['t', true, [0x74, 1]],
    ['V', null, [0x56]],
    ['S', 'ü', [0x53, 0, 0, 0, 2, 0xc3, 0xbc]],
    ['x', new Uint8Array([1, 2]), [0x78, 0, 0, 0, 2, 1, 2]],
    ['T', new Date(256_999), [0x54, 0, 0, 0, 0, 0, 0, 1, 0]],
    ['A', [null], [0x41, 0, 0, 0, 1, 0x56]],
    ['F', {}, [0x46, 0, 0, 0, 0]],
  ])('has the letter %s for %o', (_letter, value, expected) => {
    expect([...written({ k: value })]).toEqual([...wire(expected)]);
  });

  it.each<[string, number[], HeaderValue]>([
    ['B', [0x42, 0xfe], 254],
    ['u', [0x75, 0xff, 0xfe], 65_534],
    ['i', [0x69, 0xff, 0xff, 0xff, 0xfe], 4_294_967_294],
    ['l within 53 bits', [0x6c, 0, 0, 0, 0, 0, 0, 0, 5], 5],
    ['l beyond', [0x6c, 0, 0x20, 0, 0, 0, 0, 0, 1], 2n ** 53n + 1n],
    ['L', [0x4c, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1],
    ['f', [0x66, 0x3f, 0xc0, 0, 0], 1.5],
    ['D', [0x44, 2, 0, 0, 1, 0x3a], 3.14],
    ['t, any octet', [0x74, 2], true],
    ['T past what a Date holds', [0x54, 0, 0, 0x10, 0, 0, 0, 0, 0], 2n ** 44n],
    ['S that is no text', [0x53, 0, 0, 0, 1, 0xff], Buffer.from([0xff])],
  ])('of others may hold %s', (_letter, bytes, value) => {
    expect(readTable(wire(bytes), 0).table).toStrictEqual({ k: value });
  });

  it('does not hold on to the chunk that it came in', () => {
    const bytes = wire([0x78, 0, 0, 0, 2, 1, 2]);
    const { table } = readTable(bytes, 0);
    bytes.fill(0);
    expect(table).toStrictEqual({ k: Buffer.from([1, 2]) });
  });

  it('has fields of any name, but none that stands for the prototype', () => {
    const bytes = prefixed(Buffer.from('\x09__proto__F\0\0\0\x04\x01at\x01\x0bconstructorV'));
    const { table } = readTable(bytes, 0);
    expect(Object.getPrototypeOf(table)).toBe(Object.prototype);
    expect(Object.entries(table)).toEqual([
      ['x_proto__', { a: true }],
      ['constructor', null],
    ]);
  });

  it.each(['A', 'F'] as const)('is read up to 64 levels of %s, itself included', (letter) => {
    const most = wire(nested(letter, 63));
    expect(Object.keys(readTable(most, 0).table)).toEqual(['k']);
    const more = wire(nested(letter, 64));
    expect(readTable(more, 0)).toStrictEqual({
      table: { 'x-nested-too-deep': more.subarray(4) },
      end: more.length,
    });
    expect(readTable(wire(nested(letter, 30_000)), 0).end).toBeGreaterThan(100_000);
  });

  it('that is cut off anywhere, or in which any byte was changed, is read or refused', () => {
    fc.assert(
      fc.property(tables, fc.nat(), fc.nat({ max: 255 }), (table, seed, octet) => {
        const bytes = written(table);
        const changed = Buffer.from(bytes);
        changed[seed % changed.length] = octet;
        for (const each of [bytes.subarray(0, seed % bytes.length), changed]) {
          try {
            readTable(each, 0);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolViolation);
          }
        }
      }),
    );
  });

  it.each<[string, Buffer]>([
    ['an unknown letter', wire([0x5a, 0, 0, 0, 0])],
    ['a name without a value', prefixed(Buffer.from('\x01k'))],
    ['a value that ends after the table', wire([0x49, 0, 0])],
    ['a text longer than the table', wire([0x53, 0, 0, 0, 3, 0x61, 0x62])],
    ['an array that ends within a value', wire([0x41, 0, 0, 0, 2, 0x73, 0])],
    ['a length beyond what there is', Buffer.from([0, 0, 0, 9, 1, 0x6b, 0x56])],
  ])('with %s is refused', (_what, bytes) => {
    const behind = Buffer.concat([bytes, Buffer.alloc(bytes[3] === 9 ? 0 : 20)]);
    expect(() => readTable(behind, 0)).toThrow(ProtocolViolation);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmqpError } from '../base/amqp-error.ts';
import type { Field, Table } from '../base/field.ts';
import { bytes, table } from './arbitraries.fixture.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { decodeEntries, readTable, writeTable } from './table.ts';

function encode(table: Table): Buffer {
  const writer = new ByteWriter(16);
  writeTable(writer, table);
  return Buffer.concat(writer.take());
}

/** A table with one entry `k`, whose letter and value are given. */
function entry(...value: number[]): Buffer {
  return Buffer.from([1, 'k'.charCodeAt(0), ...value]);
}

/** Entries with an array in an array in an array …, `depth` deep. */
function arrays(depth: number): Buffer {
  let value = Buffer.alloc(0);
  for (let i = 0; i < depth; i += 1) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    value = Buffer.concat([Buffer.from('A'), length, value]);
  }
  return entry(...value);
}

describe('field tables', () => {
  it('come back as they were, whatever is in them', () => {
    fc.assert(
      fc.property(table, (table) => {
        const reader = new ByteReader(encode(table));
        expect(readTable(reader)).toEqual(table);
        expect(reader.atEnd).toBe(true);
      }),
    );
  });

  it('keep the order of their entries', () => {
    const names = ['z', 'a', 'm'];
    const fields = new Map(
      names.map((name): [string, Field] => [name, { type: 'V', value: null }]),
    );
    expect([...decodeEntries(encode(fields).subarray(4)).keys()]).toEqual(names);
  });

  it.each<[Field['type'], Field, number[]]>([
    ['t', { type: 't', value: true }, [0x74, 1]],
    ['b', { type: 'b', value: -2 }, [0x62, 0xfe]],
    ['B', { type: 'B', value: 254 }, [0x42, 0xfe]],
    ['s', { type: 's', value: -2 }, [0x73, 0xff, 0xfe]],
    ['u', { type: 'u', value: 0xfffe }, [0x75, 0xff, 0xfe]],
    ['I', { type: 'I', value: -2 }, [0x49, 0xff, 0xff, 0xff, 0xfe]],
    ['i', { type: 'i', value: 0xfffffffe }, [0x69, 0xff, 0xff, 0xff, 0xfe]],
    ['l', { type: 'l', value: -2n }, [0x6c, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]],
    [
      'T',
      { type: 'T', value: 2n ** 64n - 2n },
      [0x54, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
    ],
    ['f', { type: 'f', value: 1.5 }, [0x66, 0x3f, 0xc0, 0, 0]],
    ['d', { type: 'd', value: 1.5 }, [0x64, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]],
    ['D', { type: 'D', value: { scale: 2, unscaled: 314 } }, [0x44, 2, 0, 0, 1, 0x3a]],
    ['S', { type: 'S', value: Buffer.from('ab') }, [0x53, 0, 0, 0, 2, 0x61, 0x62]],
    ['x', { type: 'x', value: Buffer.from('ab') }, [0x78, 0, 0, 0, 2, 0x61, 0x62]],
    ['A', { type: 'A', value: [{ type: 'V', value: null }] }, [0x41, 0, 0, 0, 1, 0x56]],
    ['F', { type: 'F', value: new Map() }, [0x46, 0, 0, 0, 0]],
    ['V', { type: 'V', value: null }, [0x56]],
  ])('write a field of type %s as RabbitMQ reads it', (_type, field, expected) => {
    const encoded = encode(new Map([['k', field]]));
    expect([...encoded]).toEqual([0, 0, 0, expected.length + 2, 1, 0x6b, ...expected]);
    expect(decodeEntries(encoded.subarray(4)).get('k')).toEqual(field);
  });

  it('read L as l, and any octet but 0 as true', () => {
    const long = decodeEntries(entry(0x4c, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    expect(long.get('k')).toEqual({ type: 'l', value: -1n });
    expect(decodeEntries(entry(0x74, 2)).get('k')).toEqual({ type: 't', value: true });
  });

  it('take the first of entries with the same name', () => {
    const twice = Buffer.concat([entry(0x74, 1), entry(0x42, 7)]);
    expect([...decodeEntries(twice)]).toEqual([['k', { type: 't', value: true }]]);
  });

  it.each([
    ['an unknown type', entry(0x5a, 1, 2), 502],
    ['a double that is not a number', entry(0x64, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0), 502],
    ['an infinite float', entry(0x66, 0xff, 0x80, 0, 0), 502],
    ['a name without a field', entry(), 501],
    ['a name that is cut off', Buffer.from([5, 0x61]), 501],
    ['a value that is cut off', entry(0x49, 0, 0), 501],
    ['a text longer than the table', entry(0x53, 0, 0, 0, 3, 0x61, 0x62), 501],
    ['an array that ends within a field', entry(0x41, 0, 0, 0, 2, 0x73, 0), 501],
  ])('refuse %s', (_what, entries, code) => {
    expect(() => decodeEntries(entries)).toThrow(expect.objectContaining({ code }));
  });

  it.each([127, 128, 129, 5_000])('go out as they came in when they are %i deep', (depth) => {
    const entries = arrays(depth);
    const writer = new ByteWriter(64);
    writeTable(writer, decodeEntries(entries));
    expect(Buffer.concat(writer.take()).subarray(4)).toEqual(entries);
  });

  it('take random bytes, or refuse them with an AmqpError', () => {
    fc.assert(
      fc.property(bytes(200), (entries) => {
        try {
          decodeEntries(entries);
        } catch (error) {
          expect(error).toBeInstanceOf(AmqpError);
        }
      }),
    );
  });

  it('are read, or refused with an AmqpError, when any octet of them was changed', () => {
    fc.assert(
      fc.property(table, fc.nat(), fc.nat({ max: 255 }), (table, seed, octet) => {
        const encoded = encode(table);
        encoded[seed % encoded.length] = octet;
        try {
          readTable(new ByteReader(encoded));
        } catch (error) {
          expect(error).toBeInstanceOf(AmqpError);
        }
      }),
    );
  });
});

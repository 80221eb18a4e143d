import { describe, expect, it } from 'vitest';
import { tameHeaders } from './headers.ts';

function prefixed(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

function shortstr(text: string): Buffer {
  return Buffer.from(`${String.fromCharCode(text.length)}${text}`, 'latin1');
}

/** A value with its type: arrays in arrays, or tables in tables, around one more value. */
function nested(type: 'A' | 'F', depth: number, core: Buffer = Buffer.from('V')): Buffer {
  let value = core;
  for (let level = 0; level < depth; level++) {
    const content = type === 'A' ? value : Buffer.concat([shortstr('k'), value]);
    value = Buffer.concat([Buffer.from(type), prefixed(content)]);
  }
  return value;
}

/** The payload of a content header with these fields among the headers, and a priority after them. */
function payload(
  fields: readonly Buffer[],
  flags = 0x2800,
  before: readonly Buffer[] = [],
): Buffer {
  const head = Buffer.alloc(14);
  head.writeUInt16BE(60, 0);
  head.writeUInt16BE(flags, 12);
  const table = fields.map((value, index) => Buffer.concat([shortstr(`h${index}`), value]));
  return Buffer.concat([head, ...before, prefixed(Buffer.concat(table)), Buffer.from([7, 0xce])]);
}

function flattened(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  tameHeaders(copy);
  return copy;
}

/** One value of each type, enough of them for the headers to be walked at all. */
const eachType = [
  ...['t1', 'b1', 'B1', 's12', 'u12', 'I1234', 'i1234', 'f1234', 'D12345'],
  ...['l12345678', 'L12345678', 'T12345678', 'd12345678', 'V'],
].map((text) => Buffer.from(text));
const lengthy = ['S', 'x'].map((type) =>
  Buffer.concat([Buffer.from(type), prefixed(Buffer.alloc(300, 'A'))]),
);

describe('tameHeaders', () => {
  it.each(['A', 'F'] as const)('replaces %s below more than 64 levels, in place', (type) => {
    const before = payload([nested(type, 4000)]);
    const after = flattened(before);
    expect(after.length).toBe(before.length);
    const size = before.readUInt32BE(14);
    expect(after.readUInt32BE(14)).toBe(size);
    expect(after.toString('latin1', 18, 18 + 19)).toBe('\x11x-nested-too-deepx');
    expect(after.readUInt32BE(37)).toBe(size - 23); // the one field fills the table
    expect(after.subarray(18 + size)).toEqual(before.subarray(18 + size));
  });

  it.each(['A', 'F'] as const)('leaves %s alone up to 64 levels, the headers being one', (type) => {
    const core = Buffer.concat([Buffer.from('S'), prefixed(Buffer.alloc(500))]);
    const most = payload([nested(type, 63, core)]);
    expect(flattened(most)).toEqual(most);
    const more = payload([nested(type, 64, core)]);
    expect(flattened(more)).not.toEqual(more);
  });

  it('finds them behind values of every type and siblings that nest as well', () => {
    const siblings = [nested('A', 40), nested('F', 40), nested('A', 0)];
    const fields = [...eachType, ...lengthy, ...siblings];
    const harmless = payload(fields);
    expect(flattened(harmless)).toEqual(harmless);
    const poison = payload([...fields, nested('A', 65)]);
    expect(flattened(poison)).not.toEqual(poison);
  });

  it('finds the headers behind a content type and an encoding', () => {
    const both = [shortstr('text/plain'), shortstr('gzip')];
    const poison = payload([nested('A', 100)], 0xe800, both);
    const after = flattened(poison);
    expect(after.includes('x-nested-too-deep')).toBe(true);
    expect(after.subarray(0, 30)).toEqual(poison.subarray(0, 30));
  });

  it('touches nothing where there are no headers', () => {
    const none = payload([nested('A', 100)], 0x1800);
    expect(flattened(none)).toEqual(none);
  });

  it('takes any cut and any garbage', () => {
    const whole = payload([...eachType, ...lengthy, nested('A', 70)]);
    for (let length = 0; length < whole.length; length++)
      expect(() => flattened(whole.subarray(0, length))).not.toThrow();
    for (let at = 14; at < whole.length; at++) {
      for (const byte of [0, 65, 70, 255]) {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        expect(() => flattened(bytes)).not.toThrow();
      }
    }
  });
});

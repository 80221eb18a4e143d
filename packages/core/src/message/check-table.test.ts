import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidMessageError } from '../errors/leveret-error.ts';
import { checkTable, type TableSupport } from './check-table.ts';
import type { HeaderTable, HeaderValue } from './message.ts';

const everything: TableSupport = { dates: true, bytes: true };
const little: TableSupport = { dates: false, bytes: false };
const bound = 2 ** 30;

/** What the check says of a table as JavaScript may give it, of any type. */
function refusal(table: unknown, support = everything): unknown {
  try {
    Reflect.apply(checkTable, undefined, [table, 'headers', support, bound]);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** A table of that many tables within each other. */
function nested(levels: number): HeaderTable {
  let table: HeaderTable = {};
  for (let level = 1; level < levels; level++) table = { in: table };
  return table;
}

/** The size of a value in the encoding of RabbitMQ, without its type octet, always in the widest form. */
function sizeOf(value: HeaderValue | undefined): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'string') return 4 + Buffer.byteLength(value);
  if (typeof value === 'boolean') return 1;
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Date) return 8;
  if (value instanceof Uint8Array) return 4 + value.byteLength;
  if (isArray(value)) return value.reduce<number>((sum, each) => sum + 1 + sizeOf(each), 4);
  return tableSize(value);
}

function tableSize(table: HeaderTable): number {
  let size = 4;
  for (const [key, each] of Object.entries(table))
    size += 1 + Buffer.byteLength(key) + 1 + sizeOf(each);
  return size;
}

function isArray(value: HeaderValue): value is readonly HeaderValue[] {
  return Array.isArray(value);
}

const text = fc.string({ unit: 'grapheme' });
const { table: anyTable } = fc.letrec<{ value: HeaderValue; table: HeaderTable }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.maxSafeInteger(),
    fc.double({ min: -(2 ** 49), max: 2 ** 49, noNaN: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.boolean(),
    fc.constant(null),
    fc.date({ min: new Date(0), noInvalidDate: true }),
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('table'),
  ),
  table: fc.dictionary(
    text.filter((key) => Buffer.byteLength(key) <= 255 && key !== '__proto__'),
    tie('value'),
    { maxKeys: 5 },
  ),
}));

describe('checkTable', () => {
  it.each([
    { value: Number.NaN, rule: 'must be a finite number' },
    { value: Number.POSITIVE_INFINITY, rule: 'must be a finite number' },
    { value: Number.NEGATIVE_INFINITY, rule: 'must be a finite number' },
    { value: 2 ** 53, rule: 'must be an integer of at most 53 bits; use a bigint for more' },
    { value: -(2 ** 60), rule: 'must be an integer of at most 53 bits; use a bigint for more' },
    { value: 2 ** 51 + 0.5, rule: 'must be a fraction below 2^50' },
    { value: 2n ** 63n, rule: 'must be a signed 64-bit integer' },
    { value: -(2n ** 63n) - 1n, rule: 'must be a signed 64-bit integer' },
    { value: 'a\udc00', rule: 'must be valid Unicode (no lone surrogates)' },
    { value: new Date(Number.NaN), rule: 'must be a valid date from 1970 on' },
    { value: new Date(-1), rule: 'must be a valid date from 1970 on' },
    { value: new Float64Array(1), rule: 'must be a Uint8Array' },
    { value: new Map(), rule: 'must be a plain object' },
    { value: /x/, rule: 'must be a plain object' },
    { value: Promise.resolve(), rule: 'must be a plain object' },
    {
      value: () => 1,
      rule: 'must be a string, number, bigint, boolean, null, array or plain object',
    },
    {
      value: Symbol('s'),
      rule: 'must be a string, number, bigint, boolean, null, array or plain object',
    },
  ])('refuses $value with its path, in a table and in an array: it $rule', ({ value, rule }) => {
    const inTable = refusal({ outer: { inner: value } });
    expect(inTable).toBeInstanceOf(InvalidMessageError);
    expect(inTable).toMatchObject({ code: 'INVALID_MESSAGE', field: 'headers.outer.inner', rule });
    const inArray = refusal({ list: ['fine', value] });
    expect(inArray).toMatchObject({ code: 'INVALID_MESSAGE', field: 'headers.list[1]', rule });
  });

  it('refuses a hole or undefined in an array, which has no form in AMQP', () => {
    expect(refusal({ list: [1, undefined] })).toMatchObject({ field: 'headers.list[1]' });
    expect(refusal({ list: new Array(2) })).toMatchObject({ field: 'headers.list[0]' });
  });

  it('takes undefined in a table for absent', () => {
    expect(refusal({ a: undefined })).toBeUndefined();
    expect(checkTable({ a: undefined }, 'headers', everything, bound)).toBe(4);
  });

  it.each(['ü'.repeat(128), '\ud800'])('refuses the name %s, saying where', (name) => {
    expect(refusal({ outer: { [name]: 1 } })).toMatchObject({
      code: 'INVALID_MESSAGE',
      field: 'headers.outer',
      value: name,
      rule: 'must have names of at most 255 bytes of valid UTF-8',
    });
  });

  it.each(['text', new Date(), [1], new Map()])('refuses %s in place of a table', (table) => {
    expect(refusal(table)).toMatchObject({
      code: 'INVALID_MESSAGE',
      field: 'headers',
      rule: 'must be a plain object',
    });
  });

  it('refuses what refers to itself instead of following it for ever', () => {
    const circle: Record<string, unknown> = {};
    circle['again'] = circle;
    circle['twice'] = circle;
    const list: unknown[] = [];
    list.push(list, list);
    for (const table of [circle, { list }])
      expect(refusal(table)).toMatchObject({
        code: 'INVALID_MESSAGE',
        rule: 'must not nest deeper than 32 (circular?)',
      });
  });

  it('passes 32 tables within each other', () => {
    expect(refusal(nested(32))).toBeUndefined();
    expect(refusal(nested(40))).toMatchObject({ code: 'INVALID_MESSAGE' });
  });

  it('passes a table without prototype', () => {
    expect(refusal(Object.assign(Object.create(null), { a: 1 }))).toBeUndefined();
  });

  it('refuses dates and bytes where the driver cannot carry them, and says so', () => {
    expect(refusal({ at: new Date() }, little)).toMatchObject({
      field: 'headers.at',
      rule: 'must not be a Date: the driver in use cannot carry one here',
    });
    expect(refusal({ raw: Buffer.from('x') }, little)).toMatchObject({
      field: 'headers.raw',
      rule: 'must not be bytes: the driver in use cannot carry them here',
    });
  });

  it('counts the bytes of every valid table, and more than allowed of one that is larger', () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const size = tableSize(table);
        expect(checkTable(table, 'headers', everything, bound)).toBe(size);
        expect(checkTable(table, 'headers', everything, size - 1)).toBeGreaterThan(size - 1);
      }),
    );
  });

  it('does not walk for ever through one in which others stand again and again', () => {
    let table: HeaderTable = {};
    for (let level = 0; level < 31; level++) table = { left: table, right: table };
    expect(checkTable(table, 'headers', everything, 131_072)).toBeGreaterThan(131_072);
  });
});

it('a name that would become the prototype of whoever receives it is refused', () => {
  const table = JSON.parse('{"outer": {"__proto__": 1}}');
  expect(() => checkTable(table, 'headers', everything, bound)).toThrow(
    expect.objectContaining({ code: 'INVALID_MESSAGE', field: 'headers.outer' }),
  );
});

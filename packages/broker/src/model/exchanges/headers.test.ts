import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Field, Table } from '../../base/field.ts';
import type { Profile } from '../../base/profile.ts';
import { tableOf } from '../topology.fixture.ts';
import { checkHeadersBinding } from './headers.ts';
import { Routes } from './router.fixture.ts';

function isRouted(args: Table, headers: Table | undefined, profile?: Profile): boolean {
  const routes = new Routes('headers', profile);
  routes.bind('q', '', args);
  return routes.of('', headers === undefined ? {} : { headers }).length === 1;
}

test.each([
  ['all of them', { a: 1, b: 'x' }, { b: 'x', a: 1, c: 2 }, true],
  ['one missing', { a: 1, b: 'x' }, { a: 1 }, false],
  ['one different', { a: 1, b: 'x' }, { a: 1, b: 'y' }, false],
  ['any, one there', { 'x-match': 'any', a: 1, b: 'x' }, { b: 'x' }, true],
  ['any, all there', { 'x-match': 'any', a: 1, b: 'x' }, { a: 1, b: 'x' }, true],
  ['any, none there', { 'x-match': 'any', a: 1 }, { b: 1 }, false],
  ['a void argument asks for presence', { a: null }, { a: 'whatever' }, true],
  ['a void argument and a void header', { a: null }, { a: null }, true],
  ['a void argument and no header', { a: null }, { b: 1 }, false],
  ['a void header equals no value', { a: 1 }, { a: null }, false],
  ['arguments with x- do not count', { 'x-a': 1, b: 1 }, { b: 1 }, true],
  ['with all-with-x they do', { 'x-match': 'all-with-x', 'x-a': 1, b: 1 }, { b: 1 }, false],
  ['with any-with-x they do', { 'x-match': 'any-with-x', 'x-a': 1 }, { 'x-a': 1 }, true],
  ['without, any of none', { 'x-match': 'any', 'x-a': 1 }, { 'x-a': 1 }, false],
  ['all of none', { 'x-match': 'all' }, {}, true],
  ['any of none', { 'x-match': 'any' }, { a: 1 }, false],
  ['x-match is no header', { 'x-match': 'any-with-x' }, { 'x-match': 'any-with-x' }, false],
] as const)('%s', (_title, args, headers, routed) => {
  expect(isRouted(tableOf(args), tableOf(headers))).toBe(routed);
});

test('a binding without conditions takes messages without headers', () => {
  expect(isRouted(new Map(), undefined)).toBe(true);
  expect(isRouted(tableOf({ a: 1 }), undefined)).toBe(false);
});

const numbers: readonly Field[] = [
  { type: 'I', value: 5 },
  { type: 's', value: 5 },
  { type: 'l', value: 5n },
  { type: 'T', value: 5n },
  { type: 'd', value: 5 },
];

test('on 3.10 numbers are equal whatever their types', () => {
  for (const one of numbers) {
    for (const other of numbers) {
      expect(isRouted(tableOf({ a: one }), tableOf({ a: other }))).toBe(true);
    }
  }
});

test.each(['4.0', '4.3'] as const)('on %s whole numbers equal no fractions', (profile) => {
  const whole: readonly Field[] = [
    { type: 'I', value: 5 },
    { type: 'l', value: 5n },
  ];
  const fractions: readonly Field[] = [
    { type: 'd', value: 5 },
    { type: 'f', value: 5 },
  ];
  const matching = (ones: readonly Field[], others: readonly Field[]): boolean[] =>
    ones.flatMap((one) =>
      others.map((other) => isRouted(tableOf({ a: one }), tableOf({ a: other }), profile)),
    );
  for (const kind of [whole, fractions]) expect(matching(kind, kind)).not.toContain(false);
  expect(matching(whole, fractions)).not.toContain(true);
  expect(matching(fractions, whole)).not.toContain(true);
});

test('from 4.0 on the timestamp of a message counts in milliseconds', () => {
  const seconds = (value: bigint): Table => tableOf({ a: { type: 'T', value } });
  expect(isRouted(tableOf({ a: 5000 }), seconds(5n), '4.0')).toBe(true);
  expect(isRouted(tableOf({ a: 5 }), seconds(5n), '4.0')).toBe(false);
  expect(isRouted(seconds(5n), seconds(5n), '4.0')).toBe(false);
  expect(isRouted(seconds(5n), tableOf({ a: 5 }), '4.0')).toBe(true);
});

test('a 64-bit integer does not equal the double next to it', () => {
  const args = tableOf({ a: { type: 'l', value: 9_007_199_254_740_993n } });
  const headers = tableOf({ a: { type: 'd', value: 9_007_199_254_740_992 } });
  expect(isRouted(args, headers)).toBe(false);
});

test('bytes equal the same text, but text no number', () => {
  const bytes: Field = { type: 'x', value: Buffer.from('5') };
  expect(isRouted(tableOf({ a: bytes }), tableOf({ a: '5' }))).toBe(true);
  expect(isRouted(tableOf({ a: '5' }), tableOf({ a: 5 }))).toBe(false);
});

test('within arrays and tables types and order count', () => {
  const array = (field: Field): Table => tableOf({ a: { type: 'A', value: [field] } });
  const five: Field = { type: 'I', value: 5 };
  expect(isRouted(array(five), array(five))).toBe(true);
  expect(isRouted(array(five), array({ type: 'l', value: 5n }))).toBe(false);
  const nested = (value: number): Table =>
    tableOf({ a: { type: 'F', value: tableOf({ b: value }) } });
  expect(isRouted(nested(1), nested(1))).toBe(true);
  expect(isRouted(nested(1), nested(2))).toBe(false);
  const ordered = (one: string, other: string): Table =>
    tableOf({ a: { type: 'F', value: tableOf({ [one]: 1, [other]: 1 }) } });
  expect(isRouted(ordered('x', 'y'), ordered('y', 'x'))).toBe(false);
});

test('a queue with several bindings is found while one of them matches', () => {
  const routes = new Routes('headers');
  routes.bind('q', '', tableOf({ a: 1 }));
  routes.bind('q', '', tableOf({ b: 1 }));
  const headers = tableOf({ a: 1, b: 1 });
  routes.unbind('q', '', tableOf({ a: 1 }));
  expect(routes.of('', { headers })).toEqual(['q']);
  routes.unbind('q', '', tableOf({ b: 1 }));
  expect(routes.of('', { headers })).toEqual([]);
});

test('x-match takes its four words only', () => {
  for (const mode of ['all', 'any', 'all-with-x', 'any-with-x']) {
    expect(() => checkHeadersBinding('', tableOf({ 'x-match': mode }))).not.toThrow();
  }
  for (const wrong of ['some', 1]) {
    const refused = expect(() => checkHeadersBinding('', tableOf({ 'x-match': wrong })));
    refused.toThrow(expect.objectContaining({ code: 406 }));
  }
});

/** The rule as the documentation says it, one binding at a time. */
function matches(args: Table, headers: Table): boolean {
  const mode = args.get('x-match');
  const name = mode?.type === 'S' ? Buffer.from(mode.value).toString() : 'all';
  const counted = [...args].filter(
    ([key]) => key !== 'x-match' && (name.endsWith('with-x') || !key.startsWith('x-')),
  );
  const hits = counted.filter(([key, field]) => {
    const header = headers.get(key);
    return header !== undefined && (field.type === 'V' || header.value === field.value);
  });
  return name.startsWith('any') ? hits.length > 0 : hits.length === counted.length;
}

const name = fc.constantFrom('a', 'b', 'c', 'x-a', 'x-b');
const value = fc.constantFrom(0, 1, true, null);
const dictionary = fc.dictionary(name, value, { maxKeys: 4 });
const condition = fc
  .record({ mode: fc.constantFrom('all', 'any', 'all-with-x', 'any-with-x'), fields: dictionary })
  .map(({ mode, fields }) => tableOf({ 'x-match': mode, ...fields }));

test('routes as looking at each binding in turn would, while bindings come and go', () => {
  fc.assert(
    fc.property(
      fc.array(condition, { maxLength: 10 }),
      fc.array(condition, { maxLength: 5 }),
      fc.array(dictionary.map(tableOf), { minLength: 1, maxLength: 5 }),
      (kept, dropped, messages) => {
        const routes = new Routes('headers');
        for (const [index, args] of kept.entries()) routes.bind(`q${index}`, '', args);
        for (const args of dropped) routes.bind('dropped', '', args);
        for (const args of dropped) routes.unbind('dropped', '', args);
        for (const headers of messages) {
          const expected = [...kept.entries()].filter(([, args]) => matches(args, headers));
          const names = expected.map(([index]) => `q${index}`);
          expect(routes.of('', { headers })).toEqual(names.sort());
        }
      },
    ),
    { numRuns: 1000 },
  );
});

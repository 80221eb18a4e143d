import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Profile, profiles } from '../../base/profile.ts';
import { Routes } from './router.fixture.ts';
import { checkTopicBinding } from './topic.ts';

test.each([
  ['*.orange.*', 'quick.orange.rabbit', true],
  ['*.orange.*', 'orange.rabbit', false],
  ['lazy.#', 'lazy', true],
  ['lazy.#', 'lazy.orange.new.fox', true],
  ['#', '', true],
  ['#', 'a.b.c', true],
  ['*', '', false],
  ['', '', true],
  ['', 'a', false],
  ['*', 'a', true],
  ['*.*', 'a.', true],
  ['#.#', '', true],
  ['a.#.b', 'a.b', true],
  ['a.#.b', 'a.x.y.b', true],
  ['a.#.b', 'a.b.x', false],
  ['#.*', 'a', true],
  ['#.*', '', false],
  ['a.*.#', 'a', false],
  ['a*', 'ab', false],
  ['*', '*', true],
  ['a', '*', false],
])('the pattern %j and the routing key %j: %s', (pattern, key, matches) => {
  const routes = new Routes('topic');
  routes.bind('q', pattern);
  expect(routes.of(key)).toEqual(matches ? ['q'] : []);
});

test('further routing keys are matched too', () => {
  const routes = new Routes('topic');
  routes.bind('q', 'a.*');
  expect(routes.of('b', { cc: ['c', 'a.x'] })).toEqual(['q']);
});

test('many # in one pattern cost no more than their number times the words', () => {
  const routes = new Routes('topic');
  routes.bind('q', '#.a.'.repeat(60).concat('z'));
  expect(routes.of('a.'.repeat(120).concat('b'))).toEqual([]);
  expect(routes.of('a.'.repeat(120).concat('z'))).toEqual(['q']);
});

const word = fc.constantFrom('a', 'b', '');
const key = fc.array(word, { maxLength: 6 }).map((words) => words.join('.'));
const pattern = fc
  .array(fc.oneof(word, fc.constantFrom('*', '#')), { maxLength: 6 })
  .map((words) => words.join('.'));

/** A pattern of words as a regular expression over words that are each closed by a dot. */
function matches(pattern: string, key: string): boolean {
  const words = pattern === '' ? [] : pattern.split('.');
  const source = words.map((one) =>
    one === '#' ? '(?:[^.]*\\.)*' : one === '*' ? '[^.]*\\.' : `${one}\\.`,
  );
  return new RegExp(`^${source.join('')}$`).test(key === '' ? '' : `${key}.`);
}

test('routes as regular expressions made from the patterns would, while bindings come and go', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(pattern, { maxLength: 12 }),
      fc.uniqueArray(pattern, { maxLength: 6 }),
      fc.array(key, { minLength: 1, maxLength: 8 }),
      (kept, dropped, keys) => {
        const routes = new Routes('topic');
        for (const one of [...dropped, ...kept]) routes.bind(`q ${one}`, one);
        const gone = dropped.filter((one) => !kept.includes(one));
        for (const one of gone) routes.unbind(`q ${one}`, one);
        for (const one of keys) {
          const expected = kept.filter((other) => matches(other, one)).map((other) => `q ${other}`);
          expect(routes.of(one)).toEqual(expected.sort());
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('4.3 takes two # in a pattern, and older versions any number', () => {
  const check = (pattern: string, profile: Profile) => () =>
    checkTopicBinding(pattern, new Map(), profiles[profile]);
  expect(check('#.a.#', '4.3')).not.toThrow();
  expect(check('#.a#.##.#', '4.3')).not.toThrow();
  expect(check('#.a.#.#', '4.3')).toThrow(expect.objectContaining({ code: 406 }));
  for (const profile of ['3.10', '4.0'] as const) {
    expect(check('#.a.#.#', profile)).not.toThrow();
  }
});

// The docs name the tests that show what they promise: each must be there.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A test that a document names: its file, and what its title holds. */
interface Reference {
  readonly file: string;
  readonly titles: readonly string[];
}

/** Every file of tests in a text, with the titles in quotes that follow it in its paragraph. */
function references(text: string): readonly Reference[] {
  const [, ...parts] = text.replaceAll(/<[^>]*>/g, '').split(/`([\w./-]+\.test\.ts)`/);
  const found: Reference[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const [file = '', after = ''] = parts.slice(index);
    const [paragraph = ''] = after.split(/\n\s*\n/);
    const quoted = [...paragraph.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title);
    found.push({ file, titles: quoted.map((title) => title.replaceAll(/\s+/g, ' ')) });
  }
  return found;
}

const documents = readdirSync(`${root}/docs`, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.md'),
);

describe.for(documents)('docs/%s', (name) => {
  const named = references(readFileSync(`${root}/docs/${name}`, 'utf8'));

  test('names only tests that are there', () => {
    const missing = named.flatMap(({ file, titles }) => {
      const source = readFileSync(`${root}/${file}`, 'utf8').replaceAll(/\s+/g, ' ');
      return titles.filter((title) => !source.includes(title)).map((title) => `${file}: ${title}`);
    });
    expect(missing).toEqual([]);
  });
});

test('a title that is not there is found missing', () => {
  const text = 'See `a/b.test.ts`, "one\n title" and "another", and `c.test.ts`.\n\n"No title."';
  expect(references(text)).toEqual([
    { file: 'a/b.test.ts', titles: ['one title', 'another'] },
    { file: 'c.test.ts', titles: [] },
  ]);
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { eventTypes } from './events.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

it.for(Object.entries(eventTypes))('the README tells of %s, at its level', ([type, { level }]) => {
  expect(readme).toContain(`| \`${type}\` | ${level} |`);
});

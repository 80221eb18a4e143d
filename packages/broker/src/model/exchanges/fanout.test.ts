import { expect, test } from 'vitest';
import { Routes } from './router.fixture.ts';

test('every message reaches every queue, whatever the routing keys', () => {
  const routes = new Routes('fanout');
  routes.bind('a', 'red');
  routes.bind('b', '');
  expect(routes.of('blue')).toEqual(['a', 'b']);
});

test('a queue bound twice stays bound until both bindings are gone', () => {
  const routes = new Routes('fanout');
  routes.bind('a', 'red');
  routes.bind('a', 'blue');
  routes.unbind('a', 'red');
  expect(routes.of('')).toEqual(['a']);
  routes.unbind('a', 'blue');
  expect(routes.of('')).toEqual([]);
});

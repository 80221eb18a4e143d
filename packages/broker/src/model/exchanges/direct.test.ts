import { expect, test } from 'vitest';
import { tableOf } from '../topology.fixture.ts';
import { Routes } from './router.fixture.ts';

test('a message reaches the queues bound with its routing key', () => {
  const routes = new Routes('direct');
  routes.bind('a', 'red');
  routes.bind('b', 'red');
  routes.bind('c', 'blue');
  expect(routes.of('red')).toEqual(['a', 'b']);
  expect(routes.of('green')).toEqual([]);
});

test('further routing keys count as the first does', () => {
  const routes = new Routes('direct');
  routes.bind('a', 'red');
  routes.bind('b', 'blue');
  expect(routes.of('green', { cc: ['blue', 'red'] })).toEqual(['a', 'b']);
});

test('the same binding twice is one', () => {
  const routes = new Routes('direct');
  expect(routes.bind('a', 'red', tableOf({ x: 1, y: 2 }))).toBe(true);
  expect(routes.bind('a', 'red', tableOf({ y: 2, x: 1 }))).toBe(false);
  routes.unbind('a', 'red', tableOf({ x: 1, y: 2 }));
  expect(routes.of('red')).toEqual([]);
});

test('bindings that differ in arguments alone, even in their types, are two', () => {
  const routes = new Routes('direct');
  expect(routes.bind('a', 'red', tableOf({ x: 1 }))).toBe(true);
  expect(routes.bind('a', 'red', tableOf({ x: { type: 's', value: 1 } }))).toBe(true);
  routes.unbind('a', 'red', tableOf({ x: 1 }));
  expect(routes.of('red')).toEqual(['a']);
});

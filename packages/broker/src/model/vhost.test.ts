import { expect, test } from 'vitest';
import { Budget } from './budget.ts';
import {
  exchangeIn,
  messageTo,
  newVirtualHost,
  owner,
  queueIn,
  stranger,
  TestConsumer,
  tableOf,
} from './topology.fixture.ts';
import type { VirtualHost } from './vhost.ts';

const none = new Map();
const refused = (code: number): unknown => expect.objectContaining({ code });

/** Depth by name. */
function depths(vhost: VirtualHost): Record<string, number> {
  return Object.fromEntries([...vhost.queues].map((queue) => [queue.name, queue.messageCount]));
}

test('the default exchange leads to the queues named, each once', () => {
  const vhost = newVirtualHost();
  for (const name of ['a', 'b', 'c']) queueIn(vhost, name);
  const message = messageTo('', 'a', { cc: ['b', 'a', 'missing'] });
  expect(vhost.publish(message, undefined)).toBe('routed');
  expect(depths(vhost)).toEqual({ a: 1, b: 1, c: 0 });
  expect(vhost.publish(messageTo('', 'missing'), undefined)).toBe('unroutable');
});

test('a queue that several bindings and exchanges lead to gets one copy', () => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'next', 'fanout');
  queueIn(vhost, 'q');
  vhost.bindQueue('q', 'amq.topic', 'a.*', none, owner);
  vhost.bindQueue('q', 'amq.topic', '#', none, owner);
  vhost.bindExchange('next', 'amq.topic', 'a.b', none);
  vhost.bindQueue('q', 'next', '', none, owner);
  vhost.publish(messageTo('amq.topic', 'a.b', { cc: ['a.c'] }), undefined);
  expect(depths(vhost)).toEqual({ q: 1 });
  vhost.publish(messageTo('amq.topic', 'a.b'), undefined);
  expect(depths(vhost)).toEqual({ q: 2 });
});

test('messages pass exchanges that are bound in a circle once', () => {
  const vhost = newVirtualHost();
  for (const name of ['a', 'b', 'c']) exchangeIn(vhost, name, 'fanout');
  queueIn(vhost, 'q');
  vhost.bindExchange('b', 'a', '', none);
  vhost.bindExchange('c', 'b', '', none);
  vhost.bindExchange('a', 'c', '', none);
  vhost.bindExchange('a', 'a', '', none);
  vhost.bindQueue('q', 'c', '', none, owner);
  expect(vhost.publish(messageTo('a', ''), undefined)).toBe('routed');
  expect(depths(vhost)).toEqual({ q: 1 });
});

test('what has no route goes on to the alternate exchange, and from there to its own', () => {
  const vhost = newVirtualHost();
  const alternate = (name: string) => ({ arguments: tableOf({ 'alternate-exchange': name }) });
  exchangeIn(vhost, 'first', 'direct', alternate('second'));
  exchangeIn(vhost, 'second', 'direct', alternate('third'));
  exchangeIn(vhost, 'third', 'fanout', { internal: true });
  queueIn(vhost, 'routed');
  queueIn(vhost, 'rest');
  vhost.bindQueue('routed', 'first', 'k', none, owner);
  vhost.bindQueue('rest', 'third', '', none, owner);
  vhost.publish(messageTo('first', 'k'), undefined);
  expect(depths(vhost)).toEqual({ routed: 1, rest: 0 });
  expect(vhost.publish(messageTo('first', 'other'), undefined)).toBe('routed');
  expect(depths(vhost)).toEqual({ routed: 1, rest: 1 });
});

test('alternate exchanges in a circle, missing ones and the default one lead nowhere', () => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'q');
  for (const [name, alternate] of [
    ['a', 'b'],
    ['b', 'a'],
    ['lost', 'missing'],
    ['default', ''],
  ] as const) {
    exchangeIn(vhost, name, 'direct', { arguments: tableOf({ 'alternate-exchange': alternate }) });
  }
  for (const name of ['a', 'lost', 'default']) {
    expect(vhost.publish(messageTo(name, 'q'), undefined)).toBe('unroutable');
  }
});

test('a binding to an exchange that leads nowhere is a route still: nothing goes to the alternate', () => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'x', 'fanout', { arguments: tableOf({ 'alternate-exchange': 'rest' }) });
  exchangeIn(vhost, 'rest', 'fanout');
  exchangeIn(vhost, 'dead end', 'fanout');
  queueIn(vhost, 'q');
  vhost.bindQueue('q', 'rest', '', none, owner);
  vhost.bindExchange('dead end', 'x', '', none);
  expect(vhost.publish(messageTo('x', ''), undefined)).toBe('unroutable');
});

test('headers come along to every exchange', () => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'q');
  vhost.bindExchange('amq.headers', 'amq.fanout', '', none);
  vhost.bindQueue('q', 'amq.headers', '', tableOf({ kind: 'report' }), owner);
  const publish = (headers: ReturnType<typeof tableOf>) =>
    vhost.publish(messageTo('amq.fanout', '', { headers }), headers);
  expect(publish(tableOf({ kind: 'report' }))).toBe('routed');
  expect(publish(tableOf({ kind: 'order' }))).toBe('unroutable');
});

test('a full queue refuses, though others take the message', () => {
  const vhost = newVirtualHost();
  const full = tableOf({ 'x-max-length': 0, 'x-overflow': 'reject-publish' });
  queueIn(vhost, 'full', { arguments: full });
  queueIn(vhost, 'q');
  vhost.bindQueue('full', 'amq.fanout', '', none, owner);
  vhost.bindQueue('q', 'amq.fanout', '', none, owner);
  expect(vhost.publish(messageTo('amq.fanout', ''), undefined)).toBe('refused');
  expect(depths(vhost)).toEqual({ full: 0, q: 1 });
});

test('nobody can publish to a missing or internal exchange', () => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'internal', 'fanout', { internal: true });
  for (const [name, code] of [
    ['missing', 404],
    ['internal', 403],
    ['amq.rabbitmq.trace', 403],
  ] as const) {
    expect(() => vhost.checkPublishable(name)).toThrow(refused(code));
    expect(() => vhost.publish(messageTo(name, ''), undefined)).toThrow(refused(code));
  }
  expect(() => vhost.checkPublishable('')).not.toThrow();
});

test('a binding needs both ends, the exchange first; to take one away needs neither', () => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'q');
  const bind = (queue: string, exchange: string) => () =>
    vhost.bindQueue(queue, exchange, '', none, owner);
  expect(bind('no queue', 'no exchange')).toThrow("no exchange 'no exchange' in vhost '/'");
  expect(bind('no queue', 'amq.fanout')).toThrow("no queue 'no queue' in vhost '/'");
  expect(bind('q', 'no exchange')).toThrow(refused(404));
  expect(() => vhost.bindExchange('amq.fanout', 'missing', '', none)).toThrow(refused(404));
  expect(() => vhost.bindExchange('missing', 'amq.fanout', '', none)).toThrow(refused(404));
  vhost.unbindQueue('q', 'missing', '', none, owner);
  vhost.unbindQueue('missing', 'amq.fanout', '', none, owner);
  vhost.unbindExchange('missing', 'amq.fanout', '', none);
  vhost.unbindExchange('amq.fanout', 'missing', '', none);
});

test('wrong arguments of a binding are refused before an exclusive queue is', () => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'q', { exclusive: true });
  const args = tableOf({ 'x-match': 'some' });
  expect(() => vhost.bindQueue('q', 'amq.headers', '', args, stranger)).toThrow(refused(406));
  expect(() => vhost.bindExchange('amq.fanout', 'amq.headers', '', args)).toThrow(refused(406));
  expect(() => vhost.bindQueue('q', 'amq.direct', '', args, owner)).not.toThrow();
});

test('bindings can be read, with both ends and arguments', () => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'q');
  const args = tableOf({ a: 1 });
  vhost.bindQueue('q', 'amq.topic', 'k.#', args, owner);
  vhost.bindExchange('amq.topic', 'amq.direct', 'k', none);
  const seen = [...vhost.bindings].map(({ source, destination, routingKey, arguments: given }) => [
    source.name,
    destination.kind,
    destination.name,
    routingKey,
    given,
  ]);
  expect(seen).toEqual([
    ['amq.direct', 'exchange', 'amq.topic', 'k', none],
    ['amq.topic', 'queue', 'q', 'k.#', args],
  ]);
});

test('what dies in a queue goes to its dead letter exchange, even an internal one', () => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'dead', 'headers', { internal: true });
  const dead = tableOf({ 'x-dead-letter-exchange': 'dead', 'x-max-length': 0 });
  queueIn(vhost, 'q', { arguments: dead });
  queueIn(vhost, 'graveyard');
  vhost.bindQueue(
    'graveyard',
    'dead',
    '',
    tableOf({ 'x-match': 'all-with-x', 'x-death': null }),
    owner,
  );
  vhost.publish(messageTo('', 'q'), undefined);
  expect(depths(vhost)).toEqual({ q: 0, graveyard: 1 });
});

test('a dead letter whose exchange is missing, or that has no route, is gone', () => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'lonely', 'fanout');
  for (const exchange of ['missing', 'lonely']) {
    const dead = tableOf({ 'x-dead-letter-exchange': exchange, 'x-max-length': 0 });
    queueIn(vhost, exchange, { arguments: dead });
    expect(vhost.publish(messageTo('', exchange), undefined)).toBe('routed');
  }
  expect(depths(vhost)).toEqual({ missing: 0, lonely: 0 });
});

test('a circle of dead letters ends after one round', () => {
  const vhost = newVirtualHost();
  const length = 50;
  queueIn(vhost, 'witness');
  for (let index = 0; index < length; index += 1) {
    const dead = { 'x-dead-letter-exchange': 'dead', 'x-dead-letter-routing-key': `${index + 1}` };
    queueIn(vhost, `q${index}`, { arguments: tableOf({ ...dead, 'x-max-length': 0 }) });
  }
  exchangeIn(vhost, 'dead', 'direct');
  for (let index = 0; index < length; index += 1) {
    vhost.bindQueue(`q${index}`, 'dead', `${index}`, none, owner);
  }
  vhost.bindQueue('q0', 'dead', `${length}`, none, owner);
  vhost.bindQueue('witness', 'dead', `${length}`, none, owner);
  vhost.publish(messageTo('', 'q0'), undefined);
  expect(depths(vhost)).toMatchObject({ witness: 1, q0: 0 });
});

test('listeners hear of every change until they leave', () => {
  const vhost = newVirtualHost();
  let changes = 0;
  const stop = vhost.onChange(() => {
    changes += 1;
  });
  const consumer = new TestConsumer();
  const steps = [
    () => exchangeIn(vhost, 'x', 'fanout'),
    () => queueIn(vhost, 'q'),
    () => vhost.bindQueue('q', 'x', '', none, owner),
    () => vhost.publish(messageTo('x', ''), undefined),
    () => vhost.queue('q', owner).addConsumer(consumer),
    () => vhost.queue('q', owner).removeConsumer(consumer),
    () => vhost.unbindQueue('q', 'x', '', none, owner),
    () => vhost.deleteExchange('x', false),
    () => vhost.deleteQueue('q', { ifUnused: false, ifEmpty: false }, owner),
  ];
  for (const step of steps) {
    const before = changes;
    step();
    expect(changes).toBeGreaterThan(before);
  }
  stop();
  const before = changes;
  queueIn(vhost, 'q');
  expect(changes).toBe(before);
});

test('a restart forgets what is transient, and gives its memory back', () => {
  const budget = new Budget();
  const vhost = newVirtualHost({ budget });
  exchangeIn(vhost, 'lasting', 'fanout', { durable: true, autoDelete: true });
  exchangeIn(vhost, 'passing', 'fanout');
  queueIn(vhost, 'durable', { durable: true });
  queueIn(vhost, 'transient');
  queueIn(vhost, 'exclusive', { exclusive: true });
  for (const queue of ['durable', 'transient', 'exclusive']) {
    vhost.bindQueue(queue, 'passing', '', none, owner);
    vhost.publish(messageTo('', queue, { persistent: true }), undefined);
    vhost.publish(messageTo('', queue), undefined);
  }
  vhost.bindQueue('transient', 'lasting', '', none, owner);
  vhost.bindQueue('durable', 'amq.fanout', '', none, owner);
  vhost.bindExchange('passing', 'amq.fanout', '', none);
  vhost.restart();
  expect(depths(vhost)).toEqual({ durable: 1 });
  expect([...vhost.exchanges].map(({ name }) => name)).toContain('lasting');
  expect([...vhost.exchanges].map(({ name }) => name)).not.toContain('passing');
  const bindings = [...vhost.bindings].map(({ source, destination }) => [
    source.name,
    destination.name,
  ]);
  expect(bindings).toEqual([['amq.fanout', 'durable']]);
  expect(() => queueIn(vhost, 'exclusive', {}, stranger)).not.toThrow();
  vhost.purgeQueue('durable', owner);
  expect(budget.used).toBe(0);
});

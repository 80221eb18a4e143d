import { expect, test } from 'vitest';
import { profiles } from '../base/profile.ts';
import { exchangeIn, newVirtualHost, owner, queueIn, tableOf } from './topology.fixture.ts';
import type { VirtualHost } from './vhost.ts';

const none = new Map();
const refused = (code: number): unknown => expect.objectContaining({ code });
const namesIn = (vhost: VirtualHost): string[] => [...vhost.exchanges].map(({ name }) => name);

test('the exchanges of RabbitMQ are there from the start', () => {
  expect(
    [...newVirtualHost().exchanges].map(({ spec }) => [spec.name, spec.type, spec.internal]),
  ).toEqual([
    ['', 'direct', false],
    ['amq.direct', 'direct', false],
    ['amq.fanout', 'fanout', false],
    ['amq.topic', 'topic', false],
    ['amq.headers', 'headers', false],
    ['amq.match', 'headers', false],
    ['amq.rabbitmq.trace', 'topic', true],
  ]);
});

test.each([
  ['type', 'direct', {}],
  ['durable', 'fanout', { durable: true }],
  ['auto_delete', 'fanout', { autoDelete: true }],
  ['internal', 'fanout', { internal: true }],
  ['alternate-exchange', 'fanout', { arguments: tableOf({ 'alternate-exchange': 'other' }) }],
])('declared again with another %s, an exchange is refused', (what, type, options) => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'x', 'fanout');
  expect(() => exchangeIn(vhost, 'x', type, options)).toThrow(refused(406));
  expect(() => exchangeIn(vhost, 'x', type, options)).toThrow(`inequivalent arg '${what}'`);
});

test('declared again in the same way, an exchange stays as it is; other arguments do not count', () => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'x', 'fanout');
  const exchange = vhost.checkExchange('x');
  exchangeIn(vhost, 'x', 'fanout', { arguments: tableOf({ 'x-anything': 1 }) });
  expect(vhost.checkExchange('x')).toBe(exchange);
});

test('the alternate exchange must be text', () => {
  const args = tableOf({ 'alternate-exchange': 1 });
  const declare = (): void => exchangeIn(newVirtualHost(), 'x', 'fanout', { arguments: args });
  expect(declare).toThrow(refused(406));
});

test('an unknown type ends the connection on 3.10, and the channel from 4.0 on', () => {
  const declare = (rules = profiles['3.10']) =>
    exchangeIn(newVirtualHost({ rules }), 'x', 'constructor');
  expect(() => declare()).toThrow(refused(503));
  expect(() => declare(profiles['4.0'])).toThrow(refused(406));
});

test('names with amq. are for the broker, but what it has may be declared again', () => {
  const vhost = newVirtualHost();
  expect(() => exchangeIn(vhost, 'amq.mine', 'direct')).toThrow(refused(403));
  expect(() => exchangeIn(vhost, 'amq.direct', 'direct', { durable: true })).not.toThrow();
  expect(() => exchangeIn(vhost, 'amq.direct', 'direct')).toThrow(refused(406));
  expect(() => vhost.deleteExchange('amq.direct', false)).toThrow(refused(403));
  expect(() => vhost.deleteExchange('amq.missing', false)).toThrow(refused(403));
});

test('the default exchange cannot be declared, asked for, deleted or bound', () => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'q');
  const attempts = [
    () => exchangeIn(vhost, '', 'direct', { durable: true }),
    () => vhost.checkExchange(''),
    () => vhost.deleteExchange('', false),
    () => vhost.bindQueue('q', '', 'q', none, owner),
    () => vhost.unbindQueue('q', '', 'q', none, owner),
    () => vhost.bindExchange('', 'amq.direct', '', none),
    () => vhost.bindExchange('amq.direct', '', '', none),
    () => vhost.unbindExchange('amq.direct', '', '', none),
    () => vhost.unbindExchange('', 'amq.direct', '', none),
  ];
  for (const attempt of attempts) expect(attempt).toThrow(refused(403));
});

test('a missing exchange is not found, but deleting it succeeds', () => {
  const vhost = newVirtualHost();
  expect(() => vhost.checkExchange('x')).toThrow(refused(404));
  expect(() => vhost.deleteExchange('x', true)).not.toThrow();
});

test('line breaks are taken out of names', () => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'a\r\nb', 'fanout');
  expect(vhost.checkExchange('ab\n').name).toBe('ab');
});

test('only an exchange that nothing is bound to is unused', () => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'x', 'fanout');
  queueIn(vhost, 'q');
  vhost.bindExchange('x', 'amq.fanout', '', none);
  vhost.bindQueue('q', 'x', '', none, owner);
  expect(() => vhost.deleteExchange('x', true)).toThrow(refused(406));
  vhost.unbindQueue('q', 'x', '', none, owner);
  vhost.deleteExchange('x', true);
  expect([...vhost.bindings]).toEqual([]);
});

test('an exchange takes its bindings along, in both directions', () => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'x', 'fanout');
  queueIn(vhost, 'q');
  vhost.bindExchange('x', 'amq.fanout', '', none);
  vhost.bindQueue('q', 'x', '', none, owner);
  vhost.deleteExchange('x', false);
  expect([...vhost.bindings]).toEqual([]);
});

test('an auto-delete exchange goes with its last binding, and those that lead to it alone go too', () => {
  const vhost = newVirtualHost();
  for (const name of ['a', 'b', 'c']) exchangeIn(vhost, name, 'fanout', { autoDelete: true });
  queueIn(vhost, 'q');
  queueIn(vhost, 'other');
  vhost.bindExchange('b', 'a', '', none);
  vhost.bindExchange('c', 'b', '', none);
  vhost.bindQueue('q', 'c', '', none, owner);
  vhost.bindQueue('other', 'c', '', none, owner);
  vhost.unbindQueue('other', 'c', '', none, owner);
  expect(namesIn(vhost)).toEqual(expect.arrayContaining(['a', 'b', 'c']));
  vhost.deleteQueue('q', { ifUnused: false, ifEmpty: false }, owner);
  expect(namesIn(vhost).filter((name) => name.length === 1)).toEqual([]);
});

test('an auto-delete exchange goes when its last binding is taken away', () => {
  const vhost = newVirtualHost();
  exchangeIn(vhost, 'a', 'fanout', { autoDelete: true });
  exchangeIn(vhost, 'b', 'fanout', { autoDelete: true });
  vhost.bindExchange('b', 'a', '', none);
  vhost.unbindExchange('b', 'a', 'no such key', none);
  expect(namesIn(vhost)).toContain('a');
  vhost.unbindExchange('b', 'a', '', none);
  expect(namesIn(vhost)).not.toContain('a');
  // It never was a source.
  expect(namesIn(vhost)).toContain('b');
});

test('a declaration asks for permissions in order, of the alternate exchange only at the first', () => {
  const vhost = newVirtualHost();
  const asked: string[] = [];
  const declare = (): unknown =>
    vhost.declareExchange(
      {
        name: 'x',
        type: 'fanout',
        durable: false,
        autoDelete: false,
        internal: false,
        arguments: tableOf({ 'alternate-exchange': 'other' }),
      },
      (permission, resource) => asked.push(`${permission} ${resource}`),
    );
  declare();
  expect(asked.splice(0)).toEqual(['configure x', 'read x', 'write other']);
  declare();
  expect(asked).toEqual(['configure x']);
});

import { expect, test } from 'vitest';
import { ManualClock } from '../base/manual-clock.ts';
import { profiles } from '../base/profile.ts';
import {
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
const anyState = { ifUnused: false, ifEmpty: false };
const refused = (code: number): unknown => expect.objectContaining({ code });
const namesIn = (vhost: VirtualHost): string[] => [...vhost.queues].map(({ name }) => name);

test.each([
  ['durable', { durable: true }],
  ['auto_delete', { autoDelete: true }],
  ['x-message-ttl', { arguments: tableOf({ 'x-message-ttl': 1 }) }],
  ['x-queue-type', { arguments: tableOf({ 'x-queue-type': 'quorum' }) }],
])('declared again with another %s, a queue is refused', (what, difference) => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'q');
  expect(() => queueIn(vhost, 'q', difference)).toThrow(refused(406));
  expect(() => queueIn(vhost, 'q', difference)).toThrow(`inequivalent arg '${what}'`);
});

test('integers of other types are the same argument, doubles are not', () => {
  const vhost = newVirtualHost();
  const ttl = (type: 'I' | 's' | 'd') => ({
    arguments: tableOf({ 'x-message-ttl': { type, value: 5 } }),
  });
  const queue = queueIn(vhost, 'q', ttl('I'));
  expect(queueIn(vhost, 'q', ttl('s'))).toBe(queue);
  expect(() => queueIn(vhost, 'q', ttl('d'))).toThrow(refused(406));
});

test('no queue type is the same as classic, and unknown arguments do not count', () => {
  const vhost = newVirtualHost();
  const queue = queueIn(vhost, 'q', { arguments: tableOf({ 'x-mine': 1 }) });
  expect(queueIn(vhost, 'q', { arguments: tableOf({ 'x-queue-type': 'classic' }) })).toBe(queue);
});

test('names with amq. are for the broker, even those that exist', () => {
  const vhost = newVirtualHost();
  const { name } = queueIn(vhost, '', { exclusive: true });
  expect(name).toMatch(/^amq\.gen-[\w-]{22}$/);
  expect(queueIn(vhost, '').name).not.toBe(name);
  expect(() => queueIn(vhost, name, { exclusive: true })).toThrow(refused(403));
  expect(vhost.checkQueue(name, owner).name).toBe(name);
});

test('quorum queues need a name', () => {
  const quorum = { durable: true, arguments: tableOf({ 'x-queue-type': 'quorum' }) };
  expect(() => queueIn(newVirtualHost(), '', quorum)).toThrow(refused(406));
  expect(queueIn(newVirtualHost(), 'q', quorum).name).toBe('q');
});

test('an exclusive queue is locked for others', () => {
  const vhost = newVirtualHost();
  const queue = queueIn(vhost, 'q', { exclusive: true });
  vhost.bindQueue('q', 'amq.direct', 'k', none, owner);
  const attempts = [
    () => queueIn(vhost, 'q', { exclusive: true }, stranger),
    () => vhost.checkQueue('q', stranger),
    () => vhost.queue('q', stranger),
    () => vhost.purgeQueue('q', stranger),
    () => vhost.deleteQueue('q', anyState, stranger),
    () => vhost.bindQueue('q', 'amq.direct', 'other', none, stranger),
    () => vhost.unbindQueue('q', 'amq.direct', 'k', none, stranger),
    // Not exclusive, even its owner asks for another queue.
    () => queueIn(vhost, 'q'),
  ];
  for (const attempt of attempts) expect(attempt).toThrow(refused(405));
  expect(queueIn(vhost, 'q', { exclusive: true, durable: true })).toBe(queue);
  // There is nothing to take away, so nobody asks whose queue it is.
  vhost.unbindQueue('q', 'amq.direct', 'other', none, stranger);
});

test('a queue that is not exclusive cannot become so', () => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'q');
  expect(() => queueIn(vhost, 'q', { exclusive: true })).toThrow(refused(405));
});

test('exclusive queues go with their owner, those of others stay', () => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'mine', { exclusive: true });
  queueIn(vhost, 'theirs', { exclusive: true }, stranger);
  queueIn(vhost, 'shared');
  vhost.bindQueue('mine', 'amq.direct', 'k', none, owner);
  vhost.releaseOwner(owner);
  expect(namesIn(vhost)).toEqual(['theirs', 'shared']);
  expect([...vhost.bindings]).toEqual([]);
});

test('a missing queue is not found, but deleting it succeeds', () => {
  const vhost = newVirtualHost();
  expect(() => vhost.checkQueue('q', owner)).toThrow(refused(404));
  expect(() => vhost.purgeQueue('q', owner)).toThrow(refused(404));
  expect(vhost.deleteQueue('q', anyState, owner)).toBe(0);
});

test('a queue is deleted where it meets the conditions', () => {
  const vhost = newVirtualHost();
  const queue = queueIn(vhost, 'q');
  vhost.publish(messageTo('', 'q'), undefined);
  expect(() => vhost.deleteQueue('q', { ifUnused: false, ifEmpty: true }, owner)).toThrow(
    refused(406),
  );
  const consumer = new TestConsumer();
  queue.addConsumer(consumer);
  expect(() => vhost.deleteQueue('q', { ifUnused: true, ifEmpty: false }, owner)).toThrow(
    refused(406),
  );
  expect(consumer.isCancelled).toBe(false);
  vhost.deleteQueue('q', anyState, owner);
  expect(consumer.isCancelled).toBe(true);
  expect(namesIn(vhost)).toEqual([]);
});

test('deleting tells how many messages waited', () => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'q');
  for (let count = 0; count < 3; count += 1) vhost.publish(messageTo('', 'q'), undefined);
  expect(vhost.deleteQueue('q', { ifUnused: true, ifEmpty: false }, owner)).toBe(3);
});

test('quorum queues know no conditions of deletion', () => {
  const vhost = newVirtualHost();
  queueIn(vhost, 'q', { durable: true, arguments: tableOf({ 'x-queue-type': 'quorum' }) });
  for (const deletion of [
    { ifUnused: true, ifEmpty: false },
    { ifUnused: false, ifEmpty: true },
  ]) {
    expect(() => vhost.deleteQueue('q', deletion, owner)).toThrow(refused(540));
  }
  expect(vhost.deleteQueue('q', anyState, owner)).toBe(0);
});

test('an auto-delete queue goes with its last consumer, and its bindings with it', () => {
  const vhost = newVirtualHost();
  const queue = queueIn(vhost, 'q', { autoDelete: true });
  vhost.bindQueue('q', 'amq.direct', 'k', none, owner);
  const consumer = new TestConsumer();
  queue.addConsumer(consumer);
  queue.removeConsumer(consumer);
  expect(namesIn(vhost)).toEqual([]);
  expect([...vhost.bindings]).toEqual([]);
});

test('a queue that is gone does not take the next one of its name along', () => {
  const vhost = newVirtualHost();
  const queue = queueIn(vhost, 'q', { autoDelete: true });
  const consumer = new TestConsumer();
  queue.addConsumer(consumer);
  vhost.deleteQueue('q', anyState, owner);
  const next = queueIn(vhost, 'q');
  queue.removeConsumer(consumer);
  expect([...vhost.queues]).toEqual([next]);
});

test('4.3 has no queues that are neither durable nor exclusive', () => {
  const vhost = newVirtualHost({ rules: profiles['4.3'] });
  expect(() => queueIn(vhost, 'q')).toThrow(refused(541));
  expect(queueIn(vhost, 'exclusive', { exclusive: true }).name).toBe('exclusive');
  expect(queueIn(vhost, 'durable', { durable: true }).name).toBe('durable');
});

test('a declaration asks for permissions in order, of the dead letter exchange only at the first', () => {
  const vhost = newVirtualHost();
  const asked: string[] = [];
  const declare = (): unknown =>
    vhost.declareQueue(
      {
        name: 'q',
        durable: false,
        exclusive: false,
        autoDelete: false,
        arguments: tableOf({ 'x-dead-letter-exchange': 'dead' }),
      },
      owner,
      (permission, resource) => asked.push(`${permission} ${resource}`),
    );
  declare();
  expect(asked.splice(0)).toEqual(['configure q', 'read q', 'write dead']);
  declare();
  expect(asked).toEqual(['configure q']);
});

test('a permission for a queue named by the broker is asked for by that name', () => {
  const vhost = newVirtualHost();
  const refuse = (): never => {
    throw new Error('no permission');
  };
  const asked: string[] = [];
  const spec = { name: '', durable: false, exclusive: true, autoDelete: false, arguments: none };
  vhost.declareQueue(spec, owner, (_permission, resource) => asked.push(resource));
  expect(asked).toEqual(namesIn(vhost));
  expect(() => vhost.declareQueue(spec, owner, refuse)).toThrow('no permission');
  expect(namesIn(vhost)).toHaveLength(1);
});

test('a passive declaration uses the queue, so that x-expires counts anew', () => {
  const clock = new ManualClock();
  const vhost = newVirtualHost({ clock });
  queueIn(vhost, 'q', { arguments: tableOf({ 'x-expires': 100 }) });
  clock.advance(99);
  vhost.checkQueue('q', owner);
  clock.advance(99);
  expect(namesIn(vhost)).toEqual(['q']);
  clock.advance(1);
  expect(namesIn(vhost)).toEqual([]);
});

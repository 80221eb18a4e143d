import { describe, expect, it } from 'vitest';
import { drain, int, messageOf, TestHost, take, text } from './queue.fixture.ts';
import type { Queue } from './queue.ts';

function publish(
  queue: Queue,
  ...messages: readonly (readonly [body: string, priority?: number])[]
): void {
  for (const [body, priority] of messages)
    queue.publish(messageOf(body, priority === undefined ? {} : { priority }));
}

describe('a classic queue with x-max-priority', () => {
  it('hands out the highest priority first, in order of arrival within each', () => {
    const queue = new TestHost().queue({ 'x-max-priority': int(5) });
    publish(queue, ['a'], ['b', 3], ['c', 5], ['d', 3], ['e', 0], ['f', 5]);
    expect(queue.messageCount).toBe(6);
    expect(drain(queue)).toEqual(['c', 'f', 'b', 'd', 'a', 'e']);
  });

  it('takes higher priorities for its highest', () => {
    const queue = new TestHost().queue({ 'x-max-priority': int(2) });
    publish(queue, ['a', 2], ['b', 255], ['c', 2]);
    expect(drain(queue)).toEqual(['a', 'b', 'c']);
  });

  it('puts messages back among those of their priority', () => {
    const queue = new TestHost().queue({ 'x-max-priority': int(5) });
    publish(queue, ['a', 1], ['b', 5], ['c', 1], ['d', 5]);
    const entries = [take(queue), take(queue), take(queue)];
    publish(queue, ['e', 5], ['f', 2]);
    queue.requeue(entries, 'nack');
    expect(drain(queue)).toEqual(['b', 'd', 'e', 'f', 'a', 'c']);
  });

  it('takes no memory for priorities that nothing waits with, so that many queues are no burden', () => {
    const host = new TestHost();
    const before = process.memoryUsage().heapUsed;
    const queues = Array.from({ length: 1000 }, () => host.queue({ 'x-max-priority': int(255) }));
    const perQueue = (process.memoryUsage().heapUsed - before) / queues.length;
    expect(perQueue).toBeLessThan(20_000);
  });

  it('lets messages expire only at its head, so that those of a low priority wait for higher ones', () => {
    const host = new TestHost();
    const queue = host.queue({ 'x-max-priority': int(5) });
    queue.publish(messageOf('a', { priority: 0, expiration: '10' }));
    publish(queue, ['b', 5]);
    host.clock.advance(20);
    expect(queue.messageCount).toBe(2);
    expect(drain(queue)).toEqual(['b']);
  });
});

describe('priorities of a quorum queue', () => {
  const quorum = { 'x-queue-type': text('quorum') };

  it('do not count on 3.10', () => {
    const queue = new TestHost('3.10').queue(quorum);
    publish(queue, ['a', 0], ['b', 9]);
    expect(drain(queue)).toEqual(['a', 'b']);
  });

  it('are two on 4.0, of which the high one has two turns of three', () => {
    const queue = new TestHost('4.0').queue(quorum);
    publish(queue, ['a', 4], ['b'], ['c', 0], ['A', 5], ['B', 9], ['C', 255], ['D', 5], ['E', 5]);
    expect(drain(queue)).toEqual(['A', 'B', 'a', 'C', 'D', 'b', 'E', 'c']);
  });

  it('leave a message of normal priority its turn on 4.0 only if it came before the high one', () => {
    const queue = new TestHost('4.0').queue({ ...quorum, 'x-delivery-limit': int(-1) });
    publish(queue, ['a']);
    const a = take(queue);
    publish(queue, ['A', 9], ['B', 9], ['C', 9]);
    queue.requeue([a], 'nack');
    expect(drain(queue)).toEqual(['A', 'B', 'C', 'a']);
  });

  it('are 32 on 4.3, and 4 is that of messages without one', () => {
    const queue = new TestHost('4.3').queue(quorum);
    publish(queue, ['a', 3], ['b'], ['c', 5], ['d', 31], ['e', 200], ['f', 4]);
    expect(drain(queue)).toEqual(['d', 'e', 'c', 'b', 'f', 'a']);
  });

  it('come after what came back', () => {
    const queue = new TestHost('4.3').queue(quorum);
    publish(queue, ['a', 1]);
    const a = take(queue);
    publish(queue, ['b', 9]);
    queue.requeue([a], 'reject');
    expect(drain(queue)).toEqual(['a', 'b']);
  });
});

it.each([
  ['3.10', ['a', 'b', 'c']],
  ['4.0', ['b', 'c', 'a']],
  ['4.3', ['b', 'c', 'a']],
] as const)('x-max-priority 0 on %s is no order, or two levels', (profile, order) => {
  const queue = new TestHost(profile).queue({ 'x-max-priority': int(0) });
  publish(queue, ['a', 0], ['b', 1], ['c', 9]);
  expect(drain(queue)).toEqual(order);
});

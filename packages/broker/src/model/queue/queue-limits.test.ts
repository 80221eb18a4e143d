import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  drain,
  int,
  messageOf,
  publishAll,
  TestConsumer,
  TestHost,
  take,
  text,
} from './queue.fixture.ts';

describe('a queue with a length limit', () => {
  it('drops the oldest messages', () => {
    const host = new TestHost();
    const queue = host.queue({ 'x-max-length': int(2), 'x-dead-letter-exchange': text('dlx') });
    publishAll(queue, 'abcd');
    expect(host.letters.map(bodyOf)).toEqual(['a', 'b']);
    expect(drain(queue)).toEqual(['c', 'd']);
  });

  it('counts what waits, not what is unsettled', () => {
    const queue = new TestHost().queue({ 'x-max-length': int(2) });
    publishAll(queue, 'ab');
    const a = take(queue);
    publishAll(queue, 'c');
    expect(queue.messageCount).toBe(2);
    queue.requeue([a], 'nack');
    expect(drain(queue)).toEqual(['b', 'c']);
  });

  it('counts the bytes of bodies, and drops until they fit', () => {
    const queue = new TestHost().queue({ 'x-max-length-bytes': int(10) });
    for (const body of ['aaaa', 'bbbb', 'cc', 'dddddd']) queue.publish(messageOf(body));
    expect(drain(queue)).toEqual(['cc', 'dddddd']);
    queue.publish(messageOf('eeeeeeeeeee'));
    expect(queue.messageCount).toBe(0);
  });

  it('of zero passes messages on to a consumer that is ready', () => {
    const queue = new TestHost().queue({ 'x-max-length': int(0) });
    const consumer = new TestConsumer({ credit: 1 });
    queue.addConsumer(consumer);
    publishAll(queue, 'ab');
    expect([consumer.bodies, queue.messageCount]).toEqual([['a'], 0]);
  });

  it('drops from the highest priority first, which is at the head', () => {
    const queue = new TestHost().queue({ 'x-max-length': int(2), 'x-max-priority': int(5) });
    for (const [body, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 1],
    ] as const)
      queue.publish(messageOf(body, { priority }));
    expect(drain(queue)).toEqual(['c', 'a']);
  });
});

describe('overflow reject-publish', () => {
  const reject = { 'x-max-length': int(2), 'x-overflow': text('reject-publish') };

  it('refuses new messages', () => {
    const host = new TestHost();
    const queue = host.queue({ ...reject, 'x-dead-letter-exchange': text('dlx') });
    expect(['a', 'b', 'c'].map((body) => queue.publish(messageOf(body)))).toEqual([
      true,
      true,
      false,
    ]);
    expect(host.letters).toEqual([]);
    expect(drain(queue)).toEqual(['a', 'b']);
    expect(queue.publish(messageOf('d'))).toBe(true);
  });

  it('refuses even with a consumer that is ready, where nothing may wait', () => {
    const queue = new TestHost().queue({ ...reject, 'x-max-length': int(0) });
    queue.addConsumer(new TestConsumer());
    expect(queue.publish(messageOf('a'))).toBe(false);
  });

  it('refuses what would have too many bytes', () => {
    const queue = new TestHost().queue({
      'x-max-length-bytes': int(5),
      'x-overflow': text('reject-publish'),
    });
    expect(['aaa', 'bbb', 'cc'].map((body) => queue.publish(messageOf(body)))).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('keeps what comes back beyond the limit', () => {
    const queue = new TestHost().queue(reject);
    publishAll(queue, 'ab');
    const a = take(queue);
    publishAll(queue, 'c');
    queue.requeue([a], 'nack');
    expect(drain(queue)).toEqual(['a', 'b', 'c']);
  });

  it('dead-letters what it refuses, if so asked', () => {
    const host = new TestHost();
    const queue = host.queue({
      'x-max-length': int(1),
      'x-overflow': text('reject-publish-dlx'),
      'x-dead-letter-exchange': text('dlx'),
    });
    expect(['a', 'b'].map((body) => queue.publish(messageOf(body)))).toEqual([true, false]);
    expect(host.letters.map(bodyOf)).toEqual(['b']);
  });

  it('lets a quorum queue take one too many, and then refuse until a fifth of its room is free', () => {
    const queue = new TestHost().queue({
      'x-queue-type': text('quorum'),
      'x-max-length': int(10),
      'x-overflow': text('reject-publish'),
    });
    const publish = (): boolean => queue.publish(messageOf('a'));
    expect(Array.from({ length: 13 }, publish).filter(Boolean).length).toBe(11);
    queue.get(true);
    queue.get(true);
    expect([publish(), queue.messageCount]).toEqual([false, 9]);
    queue.get(true);
    expect([publish(), publish()]).toEqual([true, true]);
  });
});

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

describe('messages', () => {
  it('expire after the time to live of their queue', () => {
    const host = new TestHost();
    const queue = host.queue({ 'x-message-ttl': int(100) });
    publishAll(queue, 'a');
    host.clock.advance(60);
    publishAll(queue, 'b');
    host.clock.advance(39);
    expect(queue.messageCount).toBe(2);
    host.clock.advance(1);
    expect(queue.messageCount).toBe(1);
    host.clock.advance(60);
    expect([queue.messageCount, host.used, host.clock.pending]).toEqual([0, 0, 0]);
  });

  it.each([
    [50, 100],
    [100, 50],
  ])('expire after the shorter time: %i of their own, %i of their queue', (own, ofQueue) => {
    const host = new TestHost();
    const queue = host.queue({ 'x-message-ttl': int(ofQueue) });
    queue.publish(messageOf('a', { expiration: String(own) }));
    host.clock.advance(49);
    expect(queue.messageCount).toBe(1);
    host.clock.advance(1);
    expect(queue.messageCount).toBe(0);
  });

  it('expire only at the head', () => {
    const host = new TestHost();
    const queue = host.queue();
    publishAll(queue, 'a');
    queue.publish(messageOf('b', { expiration: '10' }));
    queue.publish(messageOf('c', { expiration: '30' }));
    host.clock.advance(20);
    expect(queue.messageCount).toBe(3);
    expect(bodyOf(take(queue).message)).toBe('a');
    expect(queue.messageCount).toBe(1);
    host.clock.advance(10);
    expect(queue.messageCount).toBe(0);
  });

  it('that live for no time go to a consumer that is ready, else they expire', () => {
    const host = new TestHost();
    const queue = host.queue({ 'x-dead-letter-exchange': text('dlx') });
    const consumer = new TestConsumer({ credit: 1 });
    queue.addConsumer(consumer);
    queue.publish(messageOf('a', { expiration: '0' }));
    queue.publish(messageOf('b', { expiration: '0' }));
    expect(consumer.bodies).toEqual(['a']);
    expect(queue.messageCount).toBe(0);
    expect(host.letters.map(bodyOf)).toEqual(['b']);
  });

  it('keep their time when they are put back', () => {
    const host = new TestHost();
    const queue = host.queue({ 'x-message-ttl': int(100) });
    publishAll(queue, 'ab');
    const a = take(queue);
    const b = take(queue);
    host.clock.advance(90);
    queue.requeue([a], 'nack');
    expect(queue.messageCount).toBe(1);
    host.clock.advance(10);
    expect(queue.messageCount).toBe(0);
    queue.requeue([b], 'nack');
    expect(queue.messageCount).toBe(0);
  });

  it('do not expire while they are with a consumer', () => {
    const host = new TestHost();
    const queue = host.queue({ 'x-message-ttl': int(100), 'x-dead-letter-exchange': text('dlx') });
    const consumer = new TestConsumer();
    queue.addConsumer(consumer);
    publishAll(queue, 'a');
    host.clock.advance(1000);
    expect([queue.unackedCount, host.letters.length]).toEqual([1, 0]);
  });

  it('let one timer run, however many there are', () => {
    const host = new TestHost();
    const queue = host.queue();
    for (let ttl = 1; ttl <= 50; ttl++)
      queue.publish(messageOf(String(ttl), { expiration: String(ttl * 10) }));
    expect(host.clock.pending).toBe(1);
    host.clock.advance(255);
    expect([queue.messageCount, host.clock.pending]).toEqual([25, 1]);
    expect(drain(queue)[0]).toBe('26');
  });
});

describe('a queue with x-expires', () => {
  const expires = { 'x-expires': int(100) };

  it('is unused after that time, though it holds messages', () => {
    const host = new TestHost();
    publishAll(host.queue(expires), 'a');
    host.clock.advance(99);
    expect(host.unusedQueues).toEqual([]);
    host.clock.advance(1);
    expect(host.unusedQueues).toEqual(['q']);
  });

  it.each([
    ['is declared again', 'touch'],
    ['is asked for a message', 'get'],
  ] as const)('starts anew when it %s', (_, how) => {
    const host = new TestHost();
    const queue = host.queue(expires);
    host.clock.advance(60);
    if (how === 'touch') queue.touch();
    else queue.get(true);
    host.clock.advance(99);
    expect(host.unusedQueues).toEqual([]);
    host.clock.advance(1);
    expect(host.unusedQueues).toEqual(['q']);
  });

  it('waits while it has consumers', () => {
    const host = new TestHost();
    const queue = host.queue(expires);
    const [one, two] = [new TestConsumer(), new TestConsumer()];
    queue.addConsumer(one);
    queue.addConsumer(two);
    host.clock.advance(1000);
    queue.removeConsumer(one);
    queue.touch();
    host.clock.advance(1000);
    queue.removeConsumer(two);
    expect(host.unusedQueues).toEqual([]);
    host.clock.advance(100);
    expect(host.unusedQueues).toEqual(['q']);
  });
});

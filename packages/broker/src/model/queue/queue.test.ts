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
} from './queue.fixture.ts';

describe('a queue', () => {
  it('hands out messages in the order in which they came', () => {
    const queue = new TestHost().queue();
    publishAll(queue, 'abc');
    expect(queue.messageCount).toBe(3);
    expect(drain(queue)).toEqual(['a', 'b', 'c']);
    expect(queue.get(false)).toBeUndefined();
  });

  it('counts what waits and what is unsettled', () => {
    const queue = new TestHost().queue();
    publishAll(queue, 'abc');
    const a = take(queue);
    queue.get(true);
    expect([queue.messageCount, queue.unackedCount]).toEqual([1, 1]);
    queue.ack(a);
    expect([queue.messageCount, queue.unackedCount]).toEqual([1, 0]);
  });

  it('puts a requeued message back to where it was, marked as redelivered', () => {
    const queue = new TestHost().queue();
    publishAll(queue, 'abcd');
    const [a, b, c] = [take(queue), take(queue), take(queue)];
    expect(b.redelivered).toBe(false);
    queue.requeue([c], 'nack');
    queue.requeue([a], 'reject');
    queue.requeue([b], 'lost');
    expect(queue.unackedCount).toBe(0);
    const again = take(queue);
    expect([bodyOf(again.message), again.redelivered]).toEqual(['a', true]);
    expect(drain(queue)).toEqual(['b', 'c', 'd']);
  });

  it('orders requeued messages by place, in whatever order they were delivered', () => {
    const queue = new TestHost().queue();
    publishAll(queue, 'abcd');
    const [a, b, c, d] = [take(queue), take(queue), take(queue), take(queue)];
    queue.requeue([d, b], 'lost');
    queue.requeue([c, a], 'lost');
    expect(drain(queue)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('drops a rejected message', () => {
    const queue = new TestHost().queue();
    publishAll(queue, 'a');
    queue.discard(take(queue), 'reject');
    expect([queue.messageCount, queue.unackedCount]).toEqual([0, 0]);
  });

  it('purges what waits, and leaves what is unsettled', () => {
    const queue = new TestHost().queue();
    publishAll(queue, 'abc');
    const a = take(queue);
    expect(queue.purge()).toBe(2);
    expect([queue.messageCount, queue.unackedCount]).toEqual([0, 1]);
    queue.requeue([a], 'nack');
    expect(drain(queue)).toEqual(['a']);
  });

  it('takes memory for what it keeps and gives all of it back', () => {
    const host = new TestHost();
    const queue = host.queue({ 'x-max-length': int(4) });
    publishAll(queue, 'abcdef');
    expect(host.used).toBe(4 * (512 + 1));
    queue.ack(take(queue));
    queue.discard(take(queue), 'reject');
    queue.requeue([take(queue)], 'nack');
    queue.get(true);
    expect(host.used).toBe(512 + 1);
    queue.addConsumer(new TestConsumer({ noAck: true }));
    publishAll(queue, 'gh');
    expect(host.used).toBe(0);
  });

  it('tells of every change', () => {
    const host = new TestHost();
    const queue = host.queue();
    const steps = [
      () => queue.publish(messageOf('a')),
      () => queue.requeue([take(queue)], 'nack'),
      () => queue.ack(take(queue)),
      () => queue.addConsumer(new TestConsumer()),
      () => queue.purge(),
    ];
    for (const step of steps) {
      const before = host.changes;
      step();
      expect(host.changes).toBeGreaterThan(before);
    }
  });

  describe('that is deleted', () => {
    it('drops its messages, without dead-lettering them, and cancels its consumers', () => {
      const host = new TestHost();
      const queue = host.queue({
        'x-dead-letter-exchange': { type: 'S', value: Buffer.from('dlx') },
      });
      const consumer = new TestConsumer({ credit: 1 });
      queue.addConsumer(consumer);
      publishAll(queue, 'abc');
      expect(queue.delete()).toBe(2);
      expect(consumer.isCancelled).toBe(true);
      expect(queue.consumerCount).toBe(0);
      expect(host.letters).toEqual([]);
    });

    it.each(['ack', 'discard', 'requeue'] as const)('lets go of what is unsettled: %s', (how) => {
      const host = new TestHost();
      const queue = host.queue({
        'x-dead-letter-exchange': { type: 'S', value: Buffer.from('dlx') },
      });
      publishAll(queue, 'ab');
      const a = take(queue);
      queue.delete();
      expect(host.used).toBeGreaterThan(0);
      if (how === 'requeue') queue.requeue([a], 'lost');
      else if (how === 'ack') queue.ack(a);
      else queue.discard(a, 'nack');
      expect([host.used, queue.messageCount, queue.unackedCount]).toEqual([0, 0, 0]);
      expect(host.letters).toEqual([]);
    });

    it('leaves no timer behind', () => {
      const host = new TestHost();
      const queue = host.queue({ 'x-expires': int(1000), 'x-message-ttl': int(1000) });
      publishAll(queue, 'a');
      expect(host.clock.pending).toBe(2);
      queue.delete();
      expect(host.clock.pending).toBe(0);
    });
  });

  describe('at a restart', () => {
    it('keeps persistent messages in their order', () => {
      const host = new TestHost();
      const queue = host.queue({ 'x-max-priority': int(2) });
      for (const [body, priority] of [
        ['a', 0],
        ['b', 2],
        ['c', 1],
        ['d', 2],
      ] as const) {
        queue.publish(messageOf(body, { deliveryMode: 2, priority }));
      }
      publishAll(queue, 'xyz');
      queue.restart();
      expect(host.used).toBe(4 * (512 + 1));
      expect(drain(queue)).toEqual(['b', 'd', 'c', 'a']);
    });

    it('keeps everything in a quorum queue', () => {
      const queue = new TestHost().queue({
        'x-queue-type': { type: 'S', value: Buffer.from('quorum') },
      });
      publishAll(queue, 'ab');
      queue.restart();
      expect(drain(queue)).toEqual(['a', 'b']);
    });
  });
});

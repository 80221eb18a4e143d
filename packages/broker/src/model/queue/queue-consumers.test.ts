import { describe, expect, it } from 'vitest';
import type { Entry } from '../message.ts';
import { drain, publishAll, TestConsumer, TestHost, take, text, yes } from './queue.fixture.ts';
import type { Queue } from './queue.ts';

describe('consumers of a queue', () => {
  it('get what waits when they come, and what comes afterwards at once', () => {
    const queue = new TestHost().queue();
    publishAll(queue, 'ab');
    const consumer = new TestConsumer();
    queue.addConsumer(consumer);
    expect(consumer.bodies).toEqual(['a', 'b']);
    publishAll(queue, 'c');
    expect(consumer.bodies).toEqual(['a', 'b', 'c']);
    expect([queue.messageCount, queue.unackedCount]).toEqual([0, 3]);
  });

  it('get messages in turn', () => {
    const queue = new TestHost().queue();
    const [one, two, three] = [new TestConsumer(), new TestConsumer(), new TestConsumer()];
    for (const consumer of [one, two, three]) queue.addConsumer(consumer);
    publishAll(queue, 'abcdefg');
    expect([one.bodies, two.bodies, three.bodies]).toEqual([
      ['a', 'd', 'g'],
      ['b', 'e'],
      ['c', 'f'],
    ]);
    queue.removeConsumer(two);
    publishAll(queue, 'hij');
    expect([one.bodies.slice(3), two.bodies.slice(2), three.bodies.slice(2)]).toEqual([
      ['i'],
      [],
      ['h', 'j'],
    ]);
  });

  it('are not asked again once they said that they are not ready, until they say otherwise', () => {
    const queue = new TestHost().queue();
    const consumer = new TestConsumer({ credit: 1 });
    queue.addConsumer(consumer);
    publishAll(queue, 'abcdef');
    expect([consumer.bodies, consumer.asked]).toEqual([['a'], 2]);
    consumer.credit = 2;
    queue.resume(consumer);
    expect(consumer.bodies).toEqual(['a', 'b', 'c']);
    expect(queue.messageCount).toBe(3);
  });

  it('are passed over while not ready, and rejoin at the end of the round', () => {
    const queue = new TestHost().queue();
    const [one, two, three] = [
      new TestConsumer({ credit: 0 }),
      new TestConsumer(),
      new TestConsumer(),
    ];
    for (const consumer of [one, two, three]) queue.addConsumer(consumer);
    publishAll(queue, 'abc');
    expect([one.bodies, two.bodies, three.bodies]).toEqual([[], ['a', 'c'], ['b']]);
    one.credit = 10;
    queue.resume(one);
    publishAll(queue, 'def');
    expect([one.bodies, two.bodies, three.bodies]).toEqual([['f'], ['a', 'c', 'e'], ['b', 'd']]);
  });

  it('of a higher priority come first, while they are ready', () => {
    const queue = new TestHost().queue();
    const low = new TestConsumer({ priority: -1 });
    const [high, alsoHigh] = [
      new TestConsumer({ priority: 5, credit: 2 }),
      new TestConsumer({ priority: 5, credit: 1 }),
    ];
    for (const consumer of [low, high, alsoHigh]) queue.addConsumer(consumer);
    publishAll(queue, 'abcde');
    expect([high.bodies, alsoHigh.bodies, low.bodies]).toEqual([['a', 'c'], ['b'], ['d', 'e']]);
    alsoHigh.credit = 1;
    queue.resume(alsoHigh);
    publishAll(queue, 'fg');
    expect([alsoHigh.bodies, low.bodies]).toEqual([
      ['b', 'f'],
      ['d', 'e', 'g'],
    ]);
  });

  it('that need no acknowledgement leave nothing unsettled', () => {
    const queue = new TestHost().queue();
    publishAll(queue, 'a');
    const consumer = new TestConsumer({ noAck: true });
    queue.addConsumer(consumer);
    publishAll(queue, 'b');
    expect([consumer.bodies, queue.unackedCount]).toEqual([['a', 'b'], 0]);
  });

  it('that leave keep what they hold, to be settled', () => {
    const queue = new TestHost().queue();
    const [one, two] = [new TestConsumer(), new TestConsumer({ credit: 0 })];
    queue.addConsumer(one);
    queue.addConsumer(two);
    publishAll(queue, 'ab');
    queue.removeConsumer(one);
    queue.removeConsumer(one);
    expect([queue.consumerCount, queue.unackedCount, queue.messageCount]).toEqual([1, 2, 0]);
    queue.requeue(one.entries, 'lost');
    expect(drain(queue)).toEqual(['a', 'b']);
  });

  it('get what is put back', () => {
    const queue = new TestHost().queue();
    publishAll(queue, 'ab');
    const a = take(queue);
    const consumer = new TestConsumer();
    queue.addConsumer(consumer);
    queue.requeue([a], 'nack');
    expect(consumer.bodies).toEqual(['b', 'a']);
    expect(consumer.entries.map((entry) => entry.redelivered)).toEqual([false, true]);
  });

  it('are listed in the order in which they came', () => {
    const queue = new TestHost().queue();
    const [one, two] = [
      new TestConsumer({ tag: 'one' }),
      new TestConsumer({ tag: 'two', priority: 3 }),
    ];
    queue.addConsumer(one);
    queue.addConsumer(two);
    expect([...queue.consumers].map(({ tag }) => tag)).toEqual(['one', 'two']);
    expect(queue.activeConsumer).toBeUndefined();
  });
});

describe('an exclusive consumer', () => {
  const inUse = expect.objectContaining({
    code: 403,
    message: "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use",
  });

  it('keeps others off', () => {
    const queue = new TestHost().queue();
    const exclusive = new TestConsumer({ exclusive: true });
    queue.addConsumer(exclusive);
    expect(() => queue.addConsumer(new TestConsumer())).toThrow(inUse);
    expect(() => queue.addConsumer(new TestConsumer({ exclusive: true }))).toThrow(inUse);
    queue.removeConsumer(exclusive);
    queue.addConsumer(new TestConsumer());
    expect(queue.consumerCount).toBe(1);
  });

  it('does not come to a queue that has one already, or a single active one', () => {
    const host = new TestHost();
    const queue = host.queue();
    queue.addConsumer(new TestConsumer());
    expect(() => queue.addConsumer(new TestConsumer({ exclusive: true }))).toThrow(inUse);
    const single = host.queue({ 'x-single-active-consumer': yes });
    expect(() => single.addConsumer(new TestConsumer({ exclusive: true }))).toThrow(inUse);
  });

  it('is like any other on a quorum queue', () => {
    const queue = new TestHost().queue({ 'x-queue-type': text('quorum') });
    queue.addConsumer(new TestConsumer({ exclusive: true }));
    queue.addConsumer(new TestConsumer({ exclusive: true }));
    expect(queue.consumerCount).toBe(2);
  });
});

describe('a single active consumer', () => {
  const single = { 'x-single-active-consumer': yes };

  it('gets everything, whatever the others are', () => {
    const queue = new TestHost().queue(single);
    const [first, second] = [new TestConsumer({ credit: 2 }), new TestConsumer({ priority: 9 })];
    queue.addConsumer(first);
    queue.addConsumer(second);
    publishAll(queue, 'abc');
    expect([first.bodies, second.bodies]).toEqual([['a', 'b'], []]);
    expect(queue.activeConsumer).toBe(first);
    queue.resume(second);
    expect(second.asked).toBe(0);
    first.credit = 1;
    queue.resume(first);
    expect(first.bodies).toEqual(['a', 'b', 'c']);
  });

  it('is followed, when it leaves, by the one of the highest priority that came first', () => {
    const queue = new TestHost().queue(single);
    const first = new TestConsumer({ credit: 0 });
    const [second, third, fourth] = [1, 5, 5].map((priority) => new TestConsumer({ priority }));
    for (const consumer of [first, second, third, fourth])
      if (consumer) queue.addConsumer(consumer);
    publishAll(queue, 'a');
    queue.removeConsumer(first);
    expect(queue.activeConsumer).toBe(third);
    expect(third?.bodies).toEqual(['a']);
  });

  it('stays active when another one leaves, whatever priority the others have', () => {
    const queue = new TestHost().queue(single);
    const [first, second, third] = [0, 0, 5].map((priority) => new TestConsumer({ priority }));
    for (const consumer of [first, second, third]) if (consumer) queue.addConsumer(consumer);
    if (second) queue.removeConsumer(second);
    expect(queue.activeConsumer).toBe(first);
  });

  it('leaves without a look at all the others', () => {
    const queue = new TestHost().queue(single);
    const consumers = Array.from({ length: 1000 }, () => new TestConsumer());
    let looks = 0;
    const get = () => {
      looks += 1;
      return 0;
    };
    for (const consumer of consumers) {
      Object.defineProperty(consumer, 'priority', { get });
      queue.addConsumer(consumer);
    }
    looks = 0;
    for (const consumer of consumers) queue.removeConsumer(consumer);
    expect(looks).toBeLessThan(10 * consumers.length);
  });

  it('is missing once all have left', () => {
    const queue = new TestHost().queue(single);
    const consumer = new TestConsumer();
    queue.addConsumer(consumer);
    queue.removeConsumer(consumer);
    expect(queue.activeConsumer).toBeUndefined();
    publishAll(queue, 'a');
    expect(queue.messageCount).toBe(1);
  });

  it('is not asked again because another one is ready', () => {
    const queue = new TestHost().queue(single);
    const [first, second] = [new TestConsumer({ credit: 0 }), new TestConsumer()];
    queue.addConsumer(first);
    queue.addConsumer(second);
    publishAll(queue, 'a');
    queue.resume(second);
    expect(first.asked).toBe(1);
  });

  it('leaves what it holds unsettled until that comes back, and then it goes first to the next one', () => {
    const queue = new TestHost().queue(single);
    const [first, second] = [new TestConsumer({ credit: 2 }), new TestConsumer({ credit: 1 })];
    queue.addConsumer(first);
    queue.addConsumer(second);
    publishAll(queue, 'abcd');
    queue.removeConsumer(first);
    expect([second.bodies, queue.unackedCount]).toEqual([['c'], 3]);
    queue.requeue(first.entries, 'lost');
    second.credit = 3;
    queue.resume(second);
    expect(second.bodies).toEqual(['c', 'a', 'b', 'd']);
  });

  it('bars basic.get from a quorum queue, not from a classic one', () => {
    const host = new TestHost();
    const quorum = host.queue({ ...single, 'x-queue-type': text('quorum') });
    expect(() => quorum.get(true)).toThrow(expect.objectContaining({ code: 405 }));
    const classic = host.queue(single);
    publishAll(classic, 'a');
    expect(drain(classic)).toEqual(['a']);
  });
});

describe('a single active consumer of a quorum queue', () => {
  const single = { 'x-single-active-consumer': yes, 'x-queue-type': text('quorum') };

  it('gives way at once to one of a higher priority while it holds nothing', () => {
    const queue = new TestHost('4.0').queue(single);
    const [first, equal, high, low] = [0, 0, 5, 3].map(
      (priority) => new TestConsumer({ priority }),
    );
    const active = [first, equal, high, low].map((consumer) => {
      if (consumer) queue.addConsumer(consumer);
      return queue.activeConsumer;
    });
    expect(active).toEqual([first, first, high, high]);
    publishAll(queue, 'a');
    expect(high?.bodies).toEqual(['a']);
    if (high) queue.removeConsumer(high);
    expect(queue.activeConsumer).toBe(low);
    if (low) queue.removeConsumer(low);
    expect(queue.activeConsumer).toBe(first);
  });

  it('counts as holding nothing where it need not acknowledge', () => {
    const queue = new TestHost('4.0').queue(single);
    const [first, high] = [new TestConsumer({ noAck: true }), new TestConsumer({ priority: 1 })];
    queue.addConsumer(first);
    publishAll(queue, 'a');
    queue.addConsumer(high);
    publishAll(queue, 'b');
    expect([first.bodies, high.bodies]).toEqual([['a'], ['b']]);
  });

  it.each<[string, (queue: Queue, entry: Entry) => void, string[]]>([
    ['acknowledged', (queue, entry) => queue.ack(entry), ['c', 'd']],
    ['rejected', (queue, entry) => queue.discard(entry, 'reject'), ['c', 'd']],
    ['given back', (queue, entry) => queue.requeue([entry], 'nack'), ['b', 'c', 'd']],
  ])(
    'gets no more once a higher one came, which follows when all is settled: %s',
    (_, settle, bodies) => {
      const queue = new TestHost('4.0').queue(single);
      const [first, high] = [new TestConsumer(), new TestConsumer({ priority: 1 })];
      queue.addConsumer(first);
      publishAll(queue, 'ab');
      queue.addConsumer(high);
      publishAll(queue, 'c');
      const [a, b] = first.entries;
      if (a) queue.ack(a);
      queue.resume(first);
      expect([first.bodies, high.bodies, queue.activeConsumer]).toEqual([['a', 'b'], [], first]);
      if (b) settle(queue, b);
      publishAll(queue, 'd');
      expect([first.bodies, high.bodies, queue.activeConsumer]).toEqual([['a', 'b'], bodies, high]);
    },
  );

  it('gets no more before it has settled all even if the higher one has left, and goes on then', () => {
    const queue = new TestHost('4.0').queue(single);
    const [first, high] = [new TestConsumer(), new TestConsumer({ priority: 1 })];
    queue.addConsumer(first);
    publishAll(queue, 'a');
    queue.addConsumer(high);
    queue.removeConsumer(high);
    publishAll(queue, 'b');
    expect(first.bodies).toEqual(['a']);
    for (const entry of [...first.entries]) queue.ack(entry);
    expect(first.bodies).toEqual(['a', 'b']);
    publishAll(queue, 'c');
    expect(first.bodies).toEqual(['a', 'b', 'c']);
  });

  it('is followed at once when it leaves, whatever it holds', () => {
    const queue = new TestHost('4.0').queue(single);
    const [first, high] = [new TestConsumer(), new TestConsumer({ priority: 1 })];
    queue.addConsumer(first);
    publishAll(queue, 'a');
    queue.addConsumer(high);
    queue.removeConsumer(first);
    publishAll(queue, 'b');
    queue.requeue(first.entries, 'lost');
    expect(high.bodies).toEqual(['b', 'a']);
  });

  it('stays active as RabbitMQ 3.10, and on a classic queue', () => {
    const queues = [
      new TestHost('3.10').queue(single),
      new TestHost('4.0').queue({ 'x-single-active-consumer': yes }),
    ];
    for (const queue of queues) {
      const [first, high] = [new TestConsumer(), new TestConsumer({ priority: 1 })];
      queue.addConsumer(first);
      queue.addConsumer(high);
      publishAll(queue, 'a');
      expect([first.bodies, high.bodies]).toEqual([['a'], []]);
    }
  });
});

describe('an auto-delete queue', () => {
  it('is unused once its last consumer has left, not before its first one', () => {
    const host = new TestHost();
    const queue = host.queue({}, { autoDelete: true });
    publishAll(queue, 'a');
    queue.get(true);
    const [one, two] = [new TestConsumer(), new TestConsumer()];
    queue.addConsumer(one);
    queue.addConsumer(two);
    queue.removeConsumer(one);
    expect(host.unusedQueues).toEqual([]);
    queue.removeConsumer(two);
    expect(host.unusedQueues).toEqual(['q']);
  });
});

import { describe, expect, it } from 'vitest';
import type { Profile } from '../../base/profile.ts';
import {
  bodyOf,
  drain,
  int,
  messageOf,
  plain,
  publishAll,
  TestConsumer,
  TestHost,
  take,
  text,
} from './queue.fixture.ts';
import type { Queue, RequeueCause } from './queue.ts';

const quorum = { 'x-queue-type': text('quorum') };

/** The headers that the message at the head goes out with. */
function headersOfNext(queue: Queue, cause: RequeueCause): Record<string, unknown> {
  const entry = take(queue);
  const { headers } = queue.contentOf(entry).properties;
  queue.requeue([entry], cause);
  return plain(headers);
}

/** How often a message can be taken from the queue when it is always put back, up to ten times. */
function attempts(queue: Queue, cause: RequeueCause): number {
  for (let attempt = 0; attempt < 10; attempt++) {
    const entry = queue.get(false);
    if (entry === undefined) return attempt;
    queue.requeue([entry], cause);
  }
  return 10;
}

describe('what comes back to a quorum queue', () => {
  it.each(['nack', 'reject', 'lost'] as const)(
    'goes first, in the order in which it came back: %s',
    (cause) => {
      const queue = new TestHost().queue({ ...quorum, 'x-delivery-limit': int(5) });
      publishAll(queue, 'abc');
      const [a, b] = [take(queue), take(queue)];
      queue.requeue([b, a], cause);
      expect(drain(queue)).toEqual(['b', 'a', 'c']);
    },
  );

  it.each([
    ['nack', ['c', 'a', 'b']],
    ['reject', ['c', 'a', 'b']],
    ['lost', ['a', 'b', 'c']],
  ] as const)(
    'without a delivery limit goes to the tail if a client gave it back: %s',
    (cause, order) => {
      const queue = new TestHost('3.10').queue(quorum);
      publishAll(queue, 'abc');
      queue.requeue([take(queue), take(queue)], cause);
      const first = take(queue);
      expect(first.redelivered).toBe(order[0] !== 'c');
      expect([bodyOf(first.message), ...drain(queue)]).toEqual(order);
    },
  );

  it('says how often it came back', () => {
    const queue = new TestHost('4.0').queue(quorum);
    publishAll(queue, 'a');
    expect([
      headersOfNext(queue, 'nack'),
      headersOfNext(queue, 'lost'),
      headersOfNext(queue, 'reject'),
    ]).toEqual([{}, { 'x-delivery-count': 1 }, { 'x-delivery-count': 2 }]);
    expect(headersOfNext(queue, 'nack')).toEqual({ 'x-delivery-count': 3 });
  });

  it.each([
    ['3.10', { 'x-delivery-count': 0 }],
    ['4.0', {}],
    ['4.3', {}],
  ] as const)('says on %s to basic.get alone whether it never did: %j', (profile, headers) => {
    const queue = new TestHost(profile).queue(quorum);
    publishAll(queue, 'ab');
    expect(plain(queue.contentOf(take(queue)).properties.headers)).toEqual(headers);
    const consumer = new TestConsumer();
    queue.addConsumer(consumer);
    const [entry] = consumer.entries;
    expect(entry && queue.contentOf(entry).properties.headers).toBe(undefined);
  });

  it('says on 4.3 also how often it was handed out, which is more: nack does not count as a delivery', () => {
    const queue = new TestHost('4.3').queue(quorum);
    queue.publish(messageOf('a', { headers: new Map([['h', int(1)]]) }));
    expect([
      headersOfNext(queue, 'nack'),
      headersOfNext(queue, 'reject'),
      headersOfNext(queue, 'lost'),
    ]).toEqual([
      { h: 1 },
      { h: 1, 'x-acquired-count': 1 },
      { h: 1, 'x-acquired-count': 2, 'x-delivery-count': 1 },
    ]);
  });

  it('says nothing of the kind on a classic queue', () => {
    const queue = new TestHost('4.3').queue();
    publishAll(queue, 'a');
    headersOfNext(queue, 'reject');
    expect(headersOfNext(queue, 'reject')).toEqual({});
  });
});

describe('the delivery limit', () => {
  it.each([
    ['3.10', 'nack', 3],
    ['3.10', 'lost', 3],
    ['4.0', 'nack', 3],
    ['4.3', 'reject', 3],
    ['4.3', 'lost', 3],
    ['4.3', 'nack', 10],
  ] as const)(
    'on %s of 2 leaves a message with %s this many attempts: %i',
    (profile: Profile, cause, expected) => {
      const queue = new TestHost(profile).queue({ ...quorum, 'x-delivery-limit': int(2) });
      publishAll(queue, 'a');
      expect(attempts(queue, cause)).toBe(expected);
    },
  );

  it('dead-letters a message that came back too often', () => {
    const host = new TestHost();
    const queue = host.queue({
      ...quorum,
      'x-delivery-limit': int(1),
      'x-dead-letter-exchange': text('dlx'),
    });
    publishAll(queue, 'ab');
    attempts(queue, 'reject');
    expect(host.letters.map(bodyOf)).toEqual(['a', 'b']);
    const headers = plain(host.letters[0]?.content.properties.headers);
    expect(headers).toMatchObject({ 'x-death': [{ reason: 'delivery_limit', count: 1 }] });
    expect(headers).not.toHaveProperty('x-delivery-count');
    expect([host.used, queue.unackedCount]).toEqual([0, 0]);
  });

  it('does not exist on a classic queue', () => {
    const queue = new TestHost('4.0').queue();
    publishAll(queue, 'a');
    expect(attempts(queue, 'reject')).toBe(10);
  });

  it('ends the loop of a consumer that always rejects', () => {
    const queue = new TestHost('4.0').queue(quorum);
    const consumer = new TestConsumer();
    queue.addConsumer(consumer);
    publishAll(queue, 'a');
    for (
      let last = consumer.entries.at(-1);
      queue.unackedCount > 0 && last;
      last = consumer.entries.at(-1)
    ) {
      queue.requeue([last], 'reject');
    }
    expect(consumer.entries.length).toBe(21);
  });
});

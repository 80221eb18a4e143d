import { describe, expect, it } from 'vitest';
import type { Field } from '../../base/field.ts';
import type { Properties } from '../../base/properties.ts';
import type { Message } from '../message.ts';
import {
  bodyOf,
  int,
  messageOf,
  plain,
  publishAll,
  TestConsumer,
  TestHost,
  take,
  text,
} from './queue.fixture.ts';
import type { DiscardCause, Queue } from './queue.ts';

const toDlx = { 'x-dead-letter-exchange': text('dlx') };

const array = (...values: Field[]): Field => ({ type: 'A', value: values });
const table = (entries: Readonly<Record<string, Field>>): Field => ({
  type: 'F',
  value: new Map(Object.entries(entries)),
});

/** The last message that died. */
function lastOf(host: TestHost): Message {
  const letter = host.letters.at(-1);
  if (letter === undefined) throw new RangeError('nothing died');
  return letter;
}

function headersOf(message: Message): Record<string, unknown> {
  return plain(message.content.properties.headers);
}

/** Publishes a message and rejects it. */
function reject(
  host: TestHost,
  properties: Properties = {},
  message: Partial<Message> = {},
): Message {
  const queue = host.queues.get('q') ?? host.queue(toDlx);
  queue.publish(messageOf('a', properties, message));
  queue.discard(take(queue), 'reject');
  return lastOf(host);
}

describe('a message that dies', () => {
  it('is published to the dead letter exchange with the keys that it came with', () => {
    const letter = reject(
      new TestHost(),
      {},
      { exchange: 'x', routingKey: 'k', cc: ['k2'], priority: 3, persistent: true },
    );
    expect(letter).toMatchObject({
      exchange: 'dlx',
      routingKey: 'k',
      cc: ['k2'],
      priority: 3,
      persistent: true,
    });
    expect(bodyOf(letter)).toBe('a');
  });

  it('takes the key of its queue instead, and then leaves its carbon copies', () => {
    const host = new TestHost();
    host.queue({ ...toDlx, 'x-dead-letter-routing-key': text('dead') });
    const headers = new Map([['CC', array(text('k2'))]]);
    const letter = reject(host, { headers }, { cc: ['k2', 'blind'] });
    expect(letter).toMatchObject({ exchange: 'dlx', routingKey: 'dead', cc: undefined });
    expect(headersOf(letter)).not.toHaveProperty('CC');
    expect(headersOf(letter)['x-death']).toMatchObject([{ 'routing-keys': ['q', 'k2'] }]);
  });

  it('carries the story of its death', () => {
    const host = new TestHost();
    const letter = reject(
      host,
      { contentType: 'text/plain', headers: new Map([['a', int(1)]]) },
      { exchange: 'x', routingKey: 'k' },
    );
    expect(letter.content.properties.contentType).toBe('text/plain');
    expect(headersOf(letter)).toEqual({
      a: 1,
      'x-death': [
        {
          count: 1,
          reason: 'rejected',
          queue: 'q',
          time: 1_700_000_000,
          exchange: 'x',
          'routing-keys': ['k'],
        },
      ],
      'x-first-death-exchange': 'x',
      'x-first-death-queue': 'q',
      'x-first-death-reason': 'rejected',
    });
    const death = letter.content.properties.headers?.get('x-death');
    const types =
      death?.type === 'A' && death.value[0]?.type === 'F'
        ? [...death.value[0].value.values()].map(({ type }) => type)
        : [];
    expect(types).toEqual(['l', 'S', 'S', 'T', 'S', 'A']);
  });

  it('names its last death, too, from 4.0 on', () => {
    expect(headersOf(reject(new TestHost('4.0'), {}, { exchange: 'x' }))).toMatchObject({
      'x-last-death-exchange': 'x',
      'x-last-death-queue': 'q',
      'x-last-death-reason': 'rejected',
    });
  });

  it('does not expire again: its expiration moves into the story', () => {
    const host = new TestHost();
    const queue = host.queue(toDlx);
    queue.publish(messageOf('a', { expiration: '10', messageId: 'm' }));
    host.clock.advance(10);
    const letter = lastOf(host);
    expect(letter.expiration).toBeUndefined();
    expect(letter.content.properties).not.toHaveProperty('expiration');
    expect(letter.content.properties.messageId).toBe('m');
    expect(headersOf(letter)['x-death']).toMatchObject([
      { reason: 'expired', 'original-expiration': '10' },
    ]);
  });

  it('is gone where its queue has no dead letter exchange', () => {
    const host = new TestHost();
    const queue = host.queue();
    publishAll(queue, 'a');
    queue.discard(take(queue), 'reject');
    expect([host.letters, host.used]).toEqual([[], 0]);
  });

  it('counts deaths of the same queue and reason together, and puts the latest first', () => {
    const host = new TestHost();
    const queue = host.queue({ ...toDlx, 'x-message-ttl': int(10) });
    queue.publish(messageOf('a', {}, { exchange: 'x', routingKey: 'k' }));
    host.clock.advance(10);
    queue.publish(messageOf('a', lastOf(host).content.properties, { exchange: 'dlx' }));
    queue.discard(take(queue), 'reject');
    queue.publish(lastOf(host));
    host.clock.advance(5000);
    expect(headersOf(lastOf(host))['x-death']).toMatchObject([
      { count: 2, reason: 'expired', exchange: 'x', 'routing-keys': ['k'], time: 1_700_000_000 },
      { count: 1, reason: 'rejected', exchange: 'dlx' },
    ]);
    expect(headersOf(lastOf(host))['x-first-death-reason']).toBe('expired');
  });
});

describe('an x-death header that a publisher wrote', () => {
  const written = array(
    table({ queue: text('other'), reason: text('expired'), count: { type: 'l', value: 1n } }),
    table({ queue: text('q'), reason: text('rejected'), count: { type: 'l', value: 7n } }),
  );

  it('is added to on 3.10', () => {
    const letter = reject(new TestHost('3.10'), { headers: new Map([['x-death', written]]) });
    expect(headersOf(letter)).toEqual({
      'x-death': [
        { count: 8, queue: 'q', reason: 'rejected' },
        { count: 1, queue: 'other', reason: 'expired' },
      ],
    });
  });

  it('is replaced from 4.0 on, while the broker goes on counting what it wrote itself', () => {
    const host = new TestHost('4.0');
    const first = reject(host, { headers: new Map([['x-death', written]]) });
    expect(headersOf(first)['x-death']).toMatchObject([
      { count: 1, queue: 'q', reason: 'rejected' },
    ]);
    const queue = host.queues.get('q');
    queue?.publish(first);
    if (queue !== undefined) queue.discard(take(queue), 'reject');
    expect(headersOf(lastOf(host))['x-death']).toMatchObject([
      { count: 2, queue: 'q', reason: 'rejected' },
    ]);
  });

  it('is replaced where it is no array', () => {
    const letter = reject(new TestHost(), { headers: new Map([['x-death', text('odd')]]) });
    expect(headersOf(letter)['x-death']).toMatchObject([{ count: 1 }]);
  });
});

describe('dead letters in a circle', () => {
  const to = (queue: string): Readonly<Record<string, Field>> => ({
    'x-dead-letter-exchange': text(''),
    'x-dead-letter-routing-key': text(queue),
  });

  it('stop where no consumer had a part in it', () => {
    const host = new TestHost();
    const [one, two] = [
      host.queue({ ...to('two'), 'x-message-ttl': int(10) }, { name: 'one' }),
      host.queue({ ...to('one'), 'x-message-ttl': int(10) }, { name: 'two' }),
    ];
    publishAll(one, 'a');
    host.clock.advance(10);
    expect([one.messageCount, two.messageCount]).toEqual([0, 1]);
    host.clock.advance(10);
    expect([one.messageCount, two.messageCount, host.letters.length]).toEqual([0, 0, 2]);
  });

  it('go on where a consumer rejected the message on the way', () => {
    const host = new TestHost();
    const work = host.queue(to('retry'), { name: 'work' });
    const retry = host.queue({ ...to('work'), 'x-message-ttl': int(10) }, { name: 'retry' });
    publishAll(work, 'a');
    for (let round = 1; round <= 3; round++) {
      work.discard(take(work), 'reject');
      expect([work.messageCount, retry.messageCount]).toEqual([0, 1]);
      host.clock.advance(10);
      expect([work.messageCount, retry.messageCount]).toEqual([1, 0]);
    }
    expect(headersOf(lastOf(host))['x-death']).toMatchObject([
      { queue: 'retry', count: 3 },
      { queue: 'work', count: 3 },
    ]);
  });

  it('lead a rejected message back into its own queue', () => {
    const host = new TestHost();
    const queue = host.queue(to('q'));
    const consumer = new TestConsumer({ credit: 1 });
    queue.addConsumer(consumer);
    publishAll(queue, 'ab');
    const [first] = consumer.entries;
    if (first !== undefined) queue.discard(first, 'reject');
    expect([queue.messageCount, queue.unackedCount]).toEqual([2, 0]);
    expect(bodyOf(take(queue).message)).toBe('b');
  });

  it('go through a chain of queues', () => {
    const host = new TestHost();
    const length = 200;
    for (let i = 0; i < length; i++)
      host.queue({ ...to(`q${i + 1}`), 'x-max-length': int(0) }, { name: `q${i}` });
    const last = host.queue({}, { name: `q${length}` });
    host.queues.get('q0')?.publish(messageOf('a'));
    expect([last.messageCount, host.letters.length]).toEqual([1, length]);
  });
});

describe('a dead letter of 4.3 counts on how often its delivery failed', () => {
  const quorum = { 'x-queue-type': text('quorum') };
  const dying = { 'x-dead-letter-exchange': text(''), 'x-dead-letter-routing-key': text('dead') };

  /** What is said of a message that was requeued in a classic queue, and then rejected into the queue `dead`. */
  function toldOf(dead: Queue, queue: Queue, cause: DiscardCause): unknown {
    publishAll(queue, 'a');
    queue.requeue([take(queue)], 'reject');
    queue.discard(take(queue), cause);
    const entry = take(dead);
    return [entry.redelivered, plain(dead.contentOf(entry).properties.headers)];
  }

  it.each([
    ['reject', 2],
    ['nack', 1],
  ] as const)('in a quorum queue: %s', (cause, count) => {
    const host = new TestHost('4.3');
    const dead = host.queue(quorum, { name: 'dead' });
    const [redelivered, headers] = [true, { 'x-delivery-count': count, 'x-acquired-count': count }];
    expect(toldOf(dead, host.queue(dying), cause)).toEqual([
      redelivered,
      expect.objectContaining(headers),
    ]);
  });

  it('towards the delivery limit, while its acquisitions start anew', () => {
    const host = new TestHost('4.3');
    const dead = host.queue({ ...quorum, 'x-delivery-limit': int(2) }, { name: 'dead' });
    const queue = host.queue(dying);
    publishAll(queue, 'a');
    queue.discard(take(queue), 'reject');
    dead.requeue([take(dead)], 'reject');
    const entry = take(dead);
    const headers = plain(dead.contentOf(entry).properties.headers);
    expect(headers).toMatchObject({ 'x-delivery-count': 2, 'x-acquired-count': 1 });
    dead.requeue([entry], 'reject');
    expect(dead.messageCount).toBe(0);
  });

  it('in a classic queue by being redelivered, where it waited', () => {
    const host = new TestHost('4.3');
    const dead = host.queue({}, { name: 'dead' });
    const queue = host.queue(dying);
    publishAll(queue, 'ab');
    queue.discard(take(queue), 'reject');
    expect(take(dead).redelivered).toBe(true);
    const consumer = new TestConsumer();
    dead.addConsumer(consumer);
    queue.discard(take(queue), 'reject');
    expect(consumer.entries.map(({ redelivered }) => redelivered)).toEqual([false]);
  });

  it.each(['3.10', '4.0'] as const)('but not on %s', (profile) => {
    const host = new TestHost(profile);
    const dead = host.queue({}, { name: 'dead' });
    expect(toldOf(dead, host.queue(dying), 'reject')).toEqual([false, expect.anything()]);
  });
});

describe('the headers of a dead letter by version', () => {
  it.each([
    ['3.10', undefined],
    ['4.0', 'q'],
  ] as const)('%s: the first death after an x-death that is no list', (profile, first) => {
    const headers = headersOf(
      reject(new TestHost(profile), { headers: new Map([['x-death', text('often')]]) }),
    );
    expect(headers['x-death']).toHaveLength(1);
    expect(headers['x-first-death-queue']).toBe(first);
  });

  it.each([
    ['3.10', undefined],
    ['4.0', ['c']],
    ['4.3', ['c']],
  ] as const)('%s: CC where the queue gives another key: %j', (profile, kept) => {
    const host = new TestHost(profile);
    host.queue({ ...toDlx, 'x-dead-letter-routing-key': text('other') });
    const properties = { headers: new Map([['CC', array(text('c'))]]) };
    const letter = reject(host, properties, { cc: ['c'] });
    expect(headersOf(letter)['CC']).toEqual(kept);
    expect(letter.cc).toBe(undefined);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Field } from '../../base/field.ts';
import type { Entry } from '../message.ts';
import { bodyOf, int, messageOf, plain, TestConsumer, TestHost, text } from './queue.fixture.ts';
import type { Queue } from './queue.ts';

/** A message as the model knows it. */
interface Item {
  readonly id: number;
  readonly priority: number;
  readonly expiresAt: number;
  redelivered: boolean;
}

interface Settings {
  readonly maxPriority: number;
  readonly maxLength: number;
  readonly messageTtl: number;
  readonly quorum: boolean;
}

/** A queue as simple as it can be: one list, sorted when something comes back. */
class Model {
  ready: Item[] = [];
  /** In the order of delivery. */
  unacked: Item[] = [];
  readonly dead: string[] = [];
  readonly acked: number[] = [];
  readonly purged: number[] = [];
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** @param credit how many messages the consumer takes */
  publish(item: Item, credit: number, now: number): void {
    if (this.ready.length === 0 && credit > 0) {
      this.unacked.push(item);
      return;
    }
    this.ready.push(item);
    this.#sort();
    this.trim(now);
  }

  take(): Item | undefined {
    const item = this.ready.shift();
    if (item !== undefined) this.unacked.push(item);
    return item;
  }

  settle(item: Item): void {
    this.unacked = this.unacked.filter((other) => other !== item);
  }

  requeue(items: readonly Item[], now: number): void {
    for (const item of items) {
      this.settle(item);
      item.redelivered = true;
    }
    if (this.#settings.quorum) {
      const returned = this.ready.filter((item) => item.redelivered);
      this.ready = [...returned, ...items, ...this.ready.filter((item) => !item.redelivered)];
    } else {
      this.ready.push(...items);
      this.#sort();
    }
    this.trim(now);
  }

  trim(now: number): void {
    while (this.ready.length > this.#settings.maxLength)
      this.dead.push(`maxlen ${this.ready.shift()?.id}`);
    while ((this.ready[0]?.expiresAt ?? Number.POSITIVE_INFINITY) <= now) {
      this.dead.push(`expired ${this.ready.shift()?.id}`);
    }
  }

  #sort(): void {
    if (!this.#settings.quorum) this.ready.sort((a, b) => b.priority - a.priority || a.id - b.id);
  }
}

/** The queue and its model, side by side. */
class Pair {
  readonly #host = new TestHost();
  readonly #queue: Queue;
  readonly #model: Model;
  readonly #settings: Settings;
  readonly #consumer = new TestConsumer({ credit: 0 });
  /** Entries that are unsettled, in the order of delivery. */
  #held: Entry[] = [];
  #published = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#model = new Model(settings);
    const args: Record<string, Field> = { 'x-dead-letter-exchange': text('dlx') };
    if (settings.maxPriority > 0) args['x-max-priority'] = int(settings.maxPriority);
    if (settings.maxLength < 100) args['x-max-length'] = int(settings.maxLength);
    if (settings.messageTtl < 100) args['x-message-ttl'] = int(settings.messageTtl);
    if (settings.quorum)
      Object.assign(args, { 'x-queue-type': text('quorum'), 'x-delivery-limit': int(1000) });
    this.#queue = this.#host.queue(args);
    this.#queue.addConsumer(this.#consumer);
  }

  publish(priority: number, ttl: number): void {
    const id = this.#published;
    this.#published += 1;
    const expiration = ttl < 100 ? { expiration: String(ttl) } : {};
    const shortest = Math.min(ttl, this.#settings.messageTtl);
    const expiresAt = shortest < 100 ? this.#now + shortest : Number.POSITIVE_INFINITY;
    const highest = this.#settings.maxPriority;
    const item = { id, priority: Math.min(priority, highest), expiresAt, redelivered: false };
    this.#model.publish(item, this.#consumer.credit, this.#now);
    this.#queue.publish(messageOf(String(id), { priority, ...expiration }));
    this.#collect();
  }

  get(): void {
    const entry = this.#queue.get(false);
    const item = this.#model.take();
    expect(entry && [bodyOf(entry.message), entry.redelivered]).toEqual(
      item && [String(item.id), item.redelivered],
    );
    if (entry !== undefined) this.#held.push(entry);
    this.#model.trim(this.#now);
  }

  grant(credit: number): void {
    this.#consumer.credit = credit;
    this.#dispatchModel(credit);
    this.#queue.resume(this.#consumer);
    this.#collect();
  }

  settle(index: number, how: 'ack' | 'discard'): void {
    const at = index % Math.max(1, this.#held.length);
    const [entry] = this.#held.splice(at, 1);
    const item = this.#model.unacked[at];
    if (entry === undefined || item === undefined) return;
    this.#model.settle(item);
    if (how === 'ack') {
      this.#model.acked.push(item.id);
      this.#queue.ack(entry);
    } else {
      this.#model.dead.push(`rejected ${item.id}`);
      this.#queue.discard(entry, 'reject');
    }
  }

  requeue(from: number, count: number, step: number): void {
    const isPicked = (_: unknown, at: number): boolean =>
      at >= from && at < from + count * step && (at - from) % step === 0;
    const entries = this.#held.filter(isPicked);
    const items = this.#model.unacked.filter(isPicked);
    this.#held = this.#held.filter((entry) => !entries.includes(entry));
    this.#model.requeue(items, this.#now);
    this.#dispatchModel(this.#consumer.credit);
    this.#queue.requeue(entries, 'nack');
    this.#collect();
  }

  purge(): void {
    this.#model.purged.push(...this.#model.ready.map(({ id }) => id));
    this.#model.ready = [];
    this.#queue.purge();
  }

  advance(ms: number): void {
    for (let passed = 0; passed < ms; passed++) {
      this.#host.clock.advance(1);
      this.#model.trim(this.#now);
    }
  }

  /** Both have as many of everything. */
  compare(): void {
    const { ready, unacked, dead } = this.#model;
    const { messageCount, unackedCount } = this.#queue;
    expect([messageCount, unackedCount, this.#held.length, this.#host.letters.length]).toEqual([
      ready.length,
      unacked.length,
      unacked.length,
      dead.length,
    ]);
  }

  /** Both have the same, nothing was lost or doubled, and nothing stays. */
  finish(): void {
    const { ready, unacked, dead, acked, purged } = this.#model;
    expect(this.#held.map(({ message }) => bodyOf(message))).toEqual(
      unacked.map(({ id }) => String(id)),
    );
    expect(this.#deaths()).toEqual(dead);
    const everywhere = [...ready, ...unacked]
      .map(({ id }) => id)
      .concat(acked, purged, dead.map(idOf));
    expect(everywhere.sort((a, b) => a - b)).toEqual(
      Array.from({ length: this.#published }, (_, id) => id),
    );
    while (this.#model.ready.length > 0) this.get();
    for (const entry of this.#held) this.#queue.ack(entry);
    expect([this.#queue.get(false), this.#host.used, this.#queue.unackedCount]).toEqual([
      undefined,
      0,
      0,
    ]);
  }

  get #now(): number {
    return this.#host.clock.now();
  }

  #deaths(): string[] {
    return this.#host.letters.map((letter) => {
      const [death] = Object(plain(letter.content.properties.headers)['x-death']);
      return `${death.reason} ${bodyOf(letter)}`;
    });
  }

  #dispatchModel(credit: number): void {
    for (let left = credit; left > 0 && this.#model.ready.length > 0; left--) {
      this.#model.take();
      this.#model.trim(this.#now);
    }
  }

  /** What the consumer got is held like what was fetched. */
  #collect(): void {
    this.#held.push(...this.#consumer.entries.splice(0));
  }
}

const idOf = (death: string): number => Number(death.split(' ')[1]);

const never = 1000;

const operations = [
  'publish',
  'get',
  'ack',
  'discard',
  'requeue',
  'grant',
  'advance',
  'purge',
] as const;
const weights: Readonly<Record<Operation, number>> = {
  publish: 8,
  get: 4,
  ack: 2,
  discard: 1,
  requeue: 3,
  grant: 2,
  advance: 2,
  purge: 1,
};

type Operation = (typeof operations)[number];
/** What is done, and three numbers that say to what. */
type Step = readonly [operation: Operation, a: number, b: number, c: number];

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.oneof(
    ...operations.map((operation) => ({
      weight: weights[operation],
      arbitrary: fc.constant(operation),
    })),
  ),
  fc.nat({ max: 8 }),
  fc.nat({ max: 12 }),
  fc.nat({ max: 2 }),
);

function perform(pair: Pair, [operation, a, b, c]: Step): void {
  switch (operation) {
    case 'publish':
      return pair.publish(a, b < 8 ? never : b - 8);
    case 'get':
      return pair.get();
    case 'ack':
    case 'discard':
      return pair.settle(b, operation);
    case 'requeue':
      return pair.requeue(b, a, c + 1);
    case 'grant':
      return pair.grant(Math.trunc(a / 2));
    case 'advance':
      return pair.advance(a);
    case 'purge':
      return pair.purge();
  }
}

const limits = {
  maxLength: fc.constantFrom(0, 1, 4, never),
  messageTtl: fc.constantFrom(0, 5, never),
};

function check(settings: fc.Arbitrary<Settings>): void {
  fc.assert(
    fc.property(settings, fc.array(step, { maxLength: 60, size: 'max' }), (chosen, steps) => {
      const pair = new Pair(chosen);
      for (const next of steps) {
        perform(pair, next);
        pair.compare();
      }
      pair.finish();
    }),
    { numRuns: 200 },
  );
}

describe('a queue does what a sorted list does', () => {
  it('on a classic queue', () => {
    check(fc.record({ ...limits, maxPriority: fc.constant(0), quorum: fc.constant(false) }));
  });

  it('on a classic queue with priorities', () => {
    check(
      fc.record({
        ...limits,
        maxPriority: fc.integer({ min: 1, max: 4 }),
        quorum: fc.constant(false),
      }),
    );
  });

  it('on a quorum queue', () => {
    check(fc.record({ ...limits, maxPriority: fc.constant(0), quorum: fc.constant(true) }));
  });
});

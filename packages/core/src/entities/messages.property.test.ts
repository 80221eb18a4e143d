import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker } from '@leveret/testkit/vitest';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidMessageError } from '../errors/leveret-error.ts';
import type { IncomingMessage } from '../message/incoming.ts';
import type { HeaderValue, OutgoingMessage } from '../message/message.ts';
import { openPair, privateQueue, text } from './live.fixture.ts';

/** A value mostly within its limits, at times at or beyond them. */
const around = <T>(good: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: good, weight: 8 }, { arbitrary: odd, weight: 1 });

const short = around(
  fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 60 })),
  fc.constantFrom(
    '',
    'x'.repeat(255),
    'x'.repeat(256),
    'ü'.repeat(127),
    'ü'.repeat(128),
    '\ud800',
    '\0',
  ),
);
const long = around(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.constantFrom('\udc00', 'x'.repeat(130_000), 'x'.repeat(131_072), 'ü'.repeat(60_000)),
);
const number = around<number>(
  fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, min: -1e9, max: 1e9 })),
  fc.constantFrom(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -0,
    2 ** 53,
    2 ** 63,
    -(2 ** 63),
    2 ** 50 + 0.5,
    -(2 ** 50) - 0.5,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 32,
  ),
);
const bigint = around(
  fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
  fc.constantFrom(2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 53n + 1n),
);
const { value } = fc.letrec<{ value: HeaderValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { arbitrary: long, weight: 3 },
    { arbitrary: number, weight: 4 },
    { arbitrary: bigint, weight: 2 },
    { arbitrary: fc.boolean(), weight: 1 },
    { arbitrary: fc.constant(null), weight: 1 },
    { arbitrary: fc.date(), weight: 1 },
    { arbitrary: fc.uint8Array({ maxLength: 10 }), weight: 1 },
    { arbitrary: fc.array(tie('value'), { maxLength: 4 }), weight: 2 },
    { arbitrary: fc.dictionary(short, tie('value'), { maxKeys: 4 }), weight: 2 },
  ),
}));
/** Names that the broker looks at. */
const special = fc.constantFrom('CC', 'BCC', 'x-death', 'x-match', 'x-delay', 'x-delivery-count');
const headers = fc.dictionary(around(short, special), value, { maxKeys: 5 });
const whole = (limit: number): fc.Arbitrary<number> =>
  around(
    fc.integer({ min: 0, max: Math.min(limit, 2 ** 31 - 1) }),
    fc.constantFrom(-1, limit, limit + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY),
  );
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const message: fc.Arbitrary<OutgoingMessage> = fc.record({
  body: around(
    fc.uint8Array({ maxLength: 50 }),
    fc.constantFrom(Buffer.alloc(131_064), Buffer.alloc(131_065)),
  ),
  contentType: optional(around(short, fc.constantFrom('application/json', 'text/plain'))),
  contentEncoding: optional(short),
  headers: optional(headers),
  deliveryMode: optional(fc.constantFrom(1 as const, 2 as const)),
  priority: optional(whole(255)),
  correlationId: optional(short),
  replyTo: optional(around(short, fc.constant('amq.rabbitmq.reply-to'))),
  // Long enough to arrive on a busy machine.
  expiration: optional(whole(2 ** 32 - 1).map((ms) => (ms > 0 && ms < 60_000 ? ms + 60_000 : ms))),
  messageId: optional(short),
  timestamp: optional(around(fc.date({ min: new Date(0), noInvalidDate: true }), fc.date())),
  type: optional(short),
  userId: optional(around(fc.constant('guest'), short)),
  appId: optional(short),
});

/** What arrives for a header value: integers are numbers where these are exact, dates have whole seconds. */
function arriving(header: HeaderValue | undefined): unknown {
  if (typeof header === 'bigint') {
    const number = Number(header);
    return Number.isSafeInteger(number) ? number : header;
  }
  if (typeof header !== 'object' || header === null) return header;
  if (header instanceof Date) return new Date(Math.floor(header.getTime() / 1000) * 1000);
  if (header instanceof Uint8Array) return Buffer.from(header);
  if (Array.isArray(header)) return header.map(arriving);
  return Object.fromEntries(Object.entries(header).map(([key, each]) => [key, arriving(each)]));
}

function propertiesOf(each: OutgoingMessage | IncomingMessage): object {
  const { contentType, contentEncoding, priority, correlationId, replyTo } = each;
  const { expiration, type, userId, appId, timestamp } = each;
  const seconds = timestamp && Math.floor(timestamp.getTime() / 1000);
  const strings = { contentType, contentEncoding, correlationId, replyTo, type, userId, appId };
  return {
    ...strings,
    priority,
    expiration,
    seconds,
    body: Buffer.from(each.body).toString('hex'),
  };
}

describeWithBroker('any message', (getUrl) => {
  test('is refused by us, or arrives as it was sent; the channel stays open either way', {
    timeout: 60_000,
  }, async () => {
    await using pair = await openPair(getUrl());
    const { channel, connection } = pair;
    const events: object[] = [];
    connection.on('event', (event) => events.push(event));
    const queue = await privateQueue(channel);
    const arrived = createInbox<IncomingMessage>('a message');
    await queue.consume(arrived.push, { noAck: true });
    let taken = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(message, async (sent) => {
        const publishing = channel.defaultExchange.publish(sent, queue.name, { timeout: 5000 });
        const outcome = await publishing.catch((error: unknown) => error);
        expect(events).toEqual([]);
        if (outcome !== undefined) {
          expect(outcome).toBeInstanceOf(InvalidMessageError);
          refused++;
          return;
        }
        taken++;
        const received = await arrived.next();
        expect(propertiesOf(received)).toEqual(propertiesOf(sent));
        if (sent.messageId !== undefined) expect(received.messageId).toBe(sent.messageId);
        expect(received.deliveryMode).toBe(sent.deliveryMode ?? 2);
        const { BCC, ...visible } = sent.headers ?? {};
        expect({ ...received.headers }).toEqual(arriving(visible));
        void BCC; // the broker takes it off
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(50);
    await deadline(channel.defaultExchange.publish(text('last'), queue.name), 5000, 'the last');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidMessageError } from '../errors/leveret-error.ts';
import { checkMessage, type MessageLimits } from './check-message.ts';
import type { OutgoingMessage } from './message.ts';

const limits: MessageLimits = {
  frameMax: 131_072,
  maxMessageSize: 1000,
  username: 'guest',
  headers: { dates: true, bytes: true },
  arguments: { dates: true, bytes: true },
};
const body = new Uint8Array(3);

/** What the check says of a message as JavaScript may give it, of any type. */
function refusal(message: object, routingKey: unknown = 'key'): unknown {
  try {
    Reflect.apply(checkMessage, undefined, [message, routingKey, limits]);
  } catch (error) {
    return error;
  }
  return undefined;
}

const LONE = '\ud800';
const LONG = 'ü'.repeat(128); // 256 bytes
const shortstrRule = 'must be a string of at most 255 bytes of valid UTF-8';
const expirationRule = 'must be whole milliseconds from 0 to 4294967295, or a Date';
const timestampRule = 'must be a valid Date from 1970 on';

describe('checkMessage', () => {
  const shortstrs = [
    'contentType',
    'contentEncoding',
    'correlationId',
    'replyTo',
    'messageId',
    'type',
    'userId',
    'appId',
  ];

  it.each([
    ...shortstrs.flatMap((field) => [
      { field, value: LONG, rule: shortstrRule },
      { field, value: LONE, rule: shortstrRule },
      { field, value: 5, rule: shortstrRule },
      { field, value: null, rule: shortstrRule },
    ]),
    { field: 'body', value: 'text', rule: 'must be a Uint8Array' },
    { field: 'body', value: undefined, rule: 'must be a Uint8Array' },
    { field: 'body', value: new Uint16Array(1), rule: 'must be a Uint8Array' },
    {
      field: 'body',
      value: new Uint8Array(1001),
      rule: 'must have at most 1000 bytes (maxMessageSize)',
    },
    ...[-1, 256, 1.5, Number.NaN, '5'].map((value) => ({
      field: 'priority',
      value,
      rule: 'must be a whole number from 0 to 255',
    })),
    ...[-1, 2 ** 32, 0.5, Number.POSITIVE_INFINITY, '1000'].map((value) => ({
      field: 'expiration',
      value,
      rule: expirationRule,
    })),
    ...[0, 3, '2', true].map((value) => ({
      field: 'deliveryMode',
      value,
      rule: 'must be 1 or 2',
    })),
    ...[new Date(Number.NaN), new Date(-1), 1_700_000_000].map((value) => ({
      field: 'timestamp',
      value,
      rule: timestampRule,
    })),
    { field: 'userId', value: 'somebody', rule: 'must be the user of the connection' },
    {
      field: 'replyTo',
      value: 'amq.rabbitmq.reply-to',
      rule: 'must be a queue: direct reply-to is not supported',
    },
  ])('refuses $field of $value: it $rule', ({ field, value, rule }) => {
    const error = refusal({ body, [field]: value });
    expect(error).toBeInstanceOf(InvalidMessageError);
    expect(error).toMatchObject({ code: 'INVALID_MESSAGE', field, value, rule });
  });

  it.each([LONG, LONE, 7])('refuses the routing key %s', (routingKey) => {
    expect(refusal({ body }, routingKey)).toMatchObject({
      code: 'INVALID_MESSAGE',
      field: 'routingKey',
      value: routingKey,
      rule: shortstrRule,
    });
  });

  it.each(['CC', 'BCC'])('refuses a header %s that RabbitMQ closes the channel for', (name) => {
    for (const value of ['key', [1], [LONG], { a: 1 }, null])
      expect(refusal({ body, headers: { [name]: value } })).toMatchObject({
        code: 'INVALID_MESSAGE',
        field: `headers.${name}`,
        rule: 'must be an array of routing keys',
      });
    expect(refusal({ body, headers: { [name]: ['a', 'b'] } })).toBeUndefined();
  });

  it('names the path of a bad header', () => {
    expect(refusal({ body, headers: { retries: [1, { at: Number.NaN }] } })).toMatchObject({
      code: 'INVALID_MESSAGE',
      field: 'headers.retries[1].at',
      value: Number.NaN,
      rule: 'must be a finite number',
    });
  });

  it('refuses headers that are no object', () => {
    const message = { body, headers: null };
    expect(() => Reflect.apply(checkMessage, undefined, [message, '', limits])).toThrow(
      expect.objectContaining({ code: 'INVALID_MESSAGE', field: 'headers' }),
    );
  });

  it('counts bytes, not more: many headers that fit a frame pass', () => {
    const count = Math.floor(limits.frameMax / 120);
    const headers = Object.fromEntries(
      Array.from({ length: count }, (_, n) => [
        `a-header-of-forty-characters-${n}`,
        'x'.repeat(60),
      ]),
    );
    expect(refusal({ body, headers })).toBeUndefined();
  });

  it('refuses headers that do not fit a frame together with the properties', () => {
    const fits = { blob: new Uint8Array(limits.frameMax - 500) };
    const overfull = { body, headers: fits, type: 'x'.repeat(250), appId: 'x'.repeat(250) };
    const alone = { body, headers: { text: 'x'.repeat(limits.frameMax) } };
    expect(refusal({ body, headers: fits })).toBeUndefined();
    for (const message of [overfull, alone]) {
      const error = refusal(message);
      expect(error instanceof InvalidMessageError && error.field).toBe('headers');
    }
  });

  it('passes what stands exactly at each bound', () => {
    const atTheBounds: OutgoingMessage[] = [
      { body: new Uint8Array(1000) },
      { body, priority: 0 },
      { body, priority: 255 },
      { body, expiration: 0 },
      { body, expiration: 2 ** 32 - 1 },
      { body, timestamp: new Date(0) },
      { body, type: `${'ü'.repeat(127)}x` },
      { body, userId: 'guest' },
    ];
    for (const message of atTheBounds) expect(refusal(message)).toBeUndefined();
    expect(refusal({ body }, 'x'.repeat(255))).toBeUndefined();
  });

  it('passes every message whose fields obey the rules', () => {
    const shortstr = fc
      .string({ unit: 'grapheme', maxLength: 255 })
      .filter((text) => Buffer.byteLength(text) <= 255);
    const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const message: fc.Arbitrary<OutgoingMessage> = fc.record({
      body: fc.uint8Array({ maxLength: 1000 }),
      contentType: optional(shortstr),
      contentEncoding: optional(shortstr),
      correlationId: optional(shortstr),
      replyTo: optional(shortstr.filter((name) => name !== 'amq.rabbitmq.reply-to')),
      messageId: optional(shortstr),
      type: optional(shortstr),
      appId: optional(shortstr),
      userId: fc.constantFrom(undefined, 'guest'),
      priority: optional(fc.integer({ min: 0, max: 255 })),
      expiration: optional(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      deliveryMode: fc.constantFrom(undefined, 1 as const, 2 as const),
      timestamp: optional(fc.date({ min: new Date(0), noInvalidDate: true })),
    });
    fc.assert(
      fc.property(message, shortstr, (valid, key) => {
        checkMessage(valid, key, limits);
      }),
    );
  });
});

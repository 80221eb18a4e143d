import { describe, expect, it } from 'vitest';
import { nextMessageId, toWire } from './wire.ts';

const body = new Uint8Array([1]);

describe('toWire', () => {
  it('makes a message persistent and gives it an id, and adds nothing else', () => {
    const wire = toWire({ body }, 'events', 'user.created', true);
    const { messageId, ...rest } = wire;
    expect(messageId).toMatch(/.{10,}/);
    expect(rest).toEqual({
      exchange: 'events',
      routingKey: 'user.created',
      mandatory: true,
      body,
      contentType: undefined,
      contentEncoding: undefined,
      headers: undefined,
      deliveryMode: 2,
      priority: undefined,
      correlationId: undefined,
      replyTo: undefined,
      expiration: undefined,
      timestamp: undefined,
      type: undefined,
      userId: undefined,
      appId: undefined,
    });
  });

  it('keeps every field that is given', () => {
    const properties = {
      contentType: 'text/plain',
      contentEncoding: 'gzip',
      headers: { a: 1 },
      deliveryMode: 1,
      priority: 0,
      correlationId: 'c',
      replyTo: 'r',
      messageId: 'm',
      type: 't',
      userId: 'u',
      appId: 'a',
    } as const;
    const wire = toWire({ body, ...properties }, '', 'queue', false);
    expect(wire).toMatchObject({
      ...properties,
      exchange: '',
      routingKey: 'queue',
      mandatory: false,
    });
    expect(wire.body).toBe(body);
  });

  it('writes the expiration in digits, zero and the largest included', () => {
    expect(toWire({ body, expiration: 0 }, '', '', true).expiration).toBe('0');
    expect(toWire({ body, expiration: 2 ** 32 - 1 }, '', '', true).expiration).toBe('4294967295');
  });

  it('drops the milliseconds of a timestamp', () => {
    const timestamp = new Date('2020-02-03T04:05:06.999Z');
    expect(toWire({ body, timestamp }, '', '', true).timestamp).toBe(1_580_702_706);
  });
});

describe('nextMessageId', () => {
  it('never gives an id twice', () => {
    const ids = Array.from({ length: 5000 }, nextMessageId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

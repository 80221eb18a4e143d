import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { wireDelivery, wireReturn } from './messages.fixture.ts';
import { ReceivedMessage, ReturnedMessage } from './received.ts';
import { UnroutableError } from './unroutable-error.ts';
import { toWire } from './wire.ts';

describe('ReceivedMessage', () => {
  it('gives every property in the form in which it is published', () => {
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
    const wire = wireDelivery(1, { ...properties, expiration: '0', timestamp: 1_580_702_706 });
    const message = new ReceivedMessage(wire);
    expect(message).toMatchObject({
      ...properties,
      expiration: 0,
      timestamp: new Date('2020-02-03T04:05:06Z'),
      exchange: 'events',
      routingKey: 'key',
    });
    expect(message.body).toBe(wire.body);
  });

  it('is shown with all that is known of it but the body', () => {
    const shown = inspect(new ReceivedMessage(wireDelivery(1, { correlationId: 'c' })));
    expect(shown).toMatch(/^ReceivedMessage \{.*correlationId: 'c'.*routingKey: 'key'/s);
    expect(shown).not.toContain('Uint8Array');
    const returned = inspect(new ReturnedMessage(wireReturn('m')));
    expect(returned).toMatch(/^ReturnedMessage \{.*replyCode: 312/s);
  });

  it('gives undefined for what was not sent, and empty headers that cannot be written', () => {
    const message = new ReceivedMessage(wireDelivery(1));
    for (const field of ['contentType', 'deliveryMode', 'expiration', 'timestamp', 'type'] as const)
      expect(message[field]).toBeUndefined();
    expect(message.headers).toEqual({});
    expect(() => Object.assign(message.headers, { a: 1 })).toThrow(TypeError);
  });

  it.each(['', 'soon', '1.5', '-1', '1e3', '9'.repeat(16)])(
    'gives no expiration where a peer wrote %j',
    (expiration) => {
      expect(new ReceivedMessage(wireDelivery(1, { expiration })).expiration).toBeUndefined();
    },
  );

  it('gives no delivery mode where a peer sent another number', () => {
    expect(new ReceivedMessage(wireDelivery(1, { deliveryMode: 0 })).deliveryMode).toBeUndefined();
    expect(new ReceivedMessage(wireDelivery(1, { deliveryMode: 2 })).deliveryMode).toBe(2);
  });

  it('can be published again as it is', () => {
    const sent = toWire(
      { body: new Uint8Array([7]), headers: { a: [1] }, expiration: 5, timestamp: new Date(7000) },
      'events',
      'key',
      true,
    );
    const received = new ReceivedMessage(sent);
    expect(toWire(received, 'events', 'key', true)).toEqual(sent);
  });
});

describe('UnroutableError', () => {
  it('carries the message that came back, and names exchange, key and reply code', () => {
    const returned = new ReturnedMessage(wireReturn('m1'));
    const error = new UnroutableError(returned);
    expect(error.returned).toBe(returned);
    expect(error.returned).toMatchObject({
      replyCode: 312,
      replyText: 'NO_ROUTE',
      messageId: 'm1',
    });
    expect(error).toMatchObject({ code: 'UNROUTABLE', retryable: false });
    expect(error.message).toContain('"events"');
    expect(error.message).toContain('"key"');
    expect(error.message).toContain('312');
    expect(error).toBeInstanceOf(LeveretError);
  });
});

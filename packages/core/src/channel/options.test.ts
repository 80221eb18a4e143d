import { describe, expect, it } from 'vitest';
import { channelConfig } from './options.ts';

describe('channelConfig', () => {
  it('has a default for everything', () => {
    expect(channelConfig({})).toEqual({
      prefetch: 100,
      declarations: 'durable',
      confirm: true,
      unroutable: 'reject',
      publishTimeout: 30_000,
      maxInFlight: 2048,
      maxBuffered: 100_000,
      maxBufferedBytes: 67_108_864,
      nackTimeout: 10_000,
      drainTimeout: 30_000,
    });
  });

  it('keeps what is given', () => {
    const given = {
      prefetch: 0,
      declarations: 'aio-pika' as const,
      confirm: false,
      unroutable: 'event' as const,
      publishTimeout: 0,
      maxInFlight: 1,
      maxBuffered: 1,
      maxBufferedBytes: 0,
      nackTimeout: 0,
      drainTimeout: 0,
    };
    expect(channelConfig(given)).toEqual(given);
  });

  it.each([
    ['prefetch', -1],
    ['prefetch', 65_536],
    ['declarations', 'aiopika'],
    ['unroutable', true],
    ['confirm', 1],
    ['publishTimeout', Number.POSITIVE_INFINITY],
    ['maxInFlight', 0],
    // A channel that may hold nothing could publish nothing: a message waits for confirms to be turned on.
    ['maxBuffered', 0],
    ['maxBufferedBytes', -1],
    ['nackTimeout', -1],
    ['drainTimeout', Number.NaN],
  ])('refuses %s of %j, naming it', (field, value) => {
    expect(() => channelConfig({ [field]: value })).toThrow(`INVALID_ARGUMENT: ${field} must be`);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmqpError } from '../base/amqp-error.ts';
import { bytes, properties } from './arbitraries.fixture.ts';
import { decodeBodySize, decodeProperties, encodeContentHeader } from './content.ts';

/** A content header written by hand: what stands before the properties, then those. */
function header(...octets: number[]): Buffer {
  return Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...octets]);
}

const refusedWith = (code: number): unknown => expect.objectContaining({ code });

describe('content headers', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), properties, (bodySize, properties) => {
        const encoded = encodeContentHeader(bodySize, properties);
        expect(decodeBodySize(encoded)).toBe(bodySize);
        expect(decodeProperties(encoded)).toEqual(properties);
      }),
    );
  });

  it('stand on the wire as the specification says', () => {
    const encoded = encodeContentHeader(2 ** 32 + 7, {
      contentType: 'a',
      deliveryMode: 2,
      clusterId: 'c',
    });
    expect([...encoded]).toEqual([
      ...[0, 60, 0, 0],
      ...[0, 0, 0, 1, 0, 0, 0, 7],
      ...[0b1001_0000, 0b0000_0100],
      ...[1, 0x61, 2, 1, 0x63],
    ]);
  });

  it('have a flag for each property, in the order of the specification', () => {
    const flags = [
      [0x8000, { contentType: '' }],
      [0x4000, { contentEncoding: '' }],
      [0x2000, { headers: new Map() }],
      [0x1000, { deliveryMode: 1 }],
      [0x0800, { priority: 1 }],
      [0x0400, { correlationId: '' }],
      [0x0200, { replyTo: '' }],
      [0x0100, { expiration: '' }],
      [0x0080, { messageId: '' }],
      [0x0040, { timestamp: 1n }],
      [0x0020, { type: '' }],
      [0x0010, { userId: '' }],
      [0x0008, { appId: '' }],
      [0x0004, { clusterId: '' }],
    ] as const;
    for (const [flag, properties] of flags) {
      expect(encodeContentHeader(0, properties).readUInt16BE(12)).toBe(flag);
    }
  });

  it('need not fit into the first slab', () => {
    const headers = new Map([['k', { type: 'S' as const, value: Buffer.alloc(100_000, 'x') }]]);
    expect(decodeProperties(encodeContentHeader(1, { headers }))).toEqual({ headers });
  });

  it('cannot have text of more than 255 bytes', () => {
    expect(() => encodeContentHeader(0, { type: 'x'.repeat(256) })).toThrow(refusedWith(541));
  });
});

describe('decodeBodySize', () => {
  it('refuses fewer than 12 octets with 501', () => {
    expect(() => decodeBodySize(header().subarray(0, 11))).toThrow(refusedWith(501));
    expect(decodeBodySize(header())).toBe(0);
  });

  it('refuses another class, or a weight, with 505', () => {
    const otherClass = header();
    otherClass[1] = 50;
    const weighted = header();
    weighted[3] = 1;
    expect(() => decodeBodySize(otherClass)).toThrow(refusedWith(505));
    expect(() => decodeBodySize(weighted)).toThrow(refusedWith(505));
  });

  it('makes a size beyond 2^53 the nearest number', () => {
    expect(decodeBodySize(header().fill(0xff, 4))).toBe(2 ** 64);
  });
});

describe('decodeProperties', () => {
  it.each([
    ['no flags', []],
    ['half of the flags', [0]],
    ['more than the flags announce', [0, 0, 1]],
    ['further flags', [0, 1, 0x80, 0, 1, 0x61]],
    ['text that is cut off', [0x80, 0, 5, 0x61]],
    ['headers that are cut off', [0x20, 0, 0, 0, 0, 9]],
    ['headers with an unknown type', [0x20, 0, 0, 0, 0, 3, 1, 0x6b, 0x5a]],
  ])('refuses %s with 541', (_what, octets) => {
    expect(() => decodeProperties(header(...octets))).toThrow(refusedWith(541));
  });

  it('makes nothing of the last two flags, as RabbitMQ', () => {
    expect(decodeProperties(header(0, 0b11))).toEqual({});
  });

  it('lets text be any bytes, as RabbitMQ', () => {
    expect(decodeProperties(header(0x80, 0, 1, 0xff))).toEqual({ contentType: '\ufffd' });
  });

  it('takes random bytes, or refuses them with an AmqpError', () => {
    fc.assert(
      fc.property(bytes(80), (octets) => {
        try {
          decodeProperties(header(...octets));
        } catch (error) {
          expect(error).toBeInstanceOf(AmqpError);
        }
      }),
    );
  });
});

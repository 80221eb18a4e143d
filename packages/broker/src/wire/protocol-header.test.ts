import { describe, expect, it } from 'vitest';
import { protocolHeader, readProtocolHeader } from './protocol-header.ts';

describe('readProtocolHeader', () => {
  it('waits for eight bytes, whatever the first are', () => {
    for (let length = 0; length < 8; length += 1) {
      expect(readProtocolHeader(protocolHeader.subarray(0, length)).kind).toBe('incomplete');
      expect(readProtocolHeader(Buffer.alloc(length, 'x')).kind).toBe('incomplete');
    }
  });

  it('accepts 0-9-1 and hands back what follows', () => {
    const received = Buffer.concat([protocolHeader, Buffer.from('frames')]);
    expect(protocolHeader.toString('latin1')).toBe('AMQP\u0000\u0000\u0009\u0001');
    expect(readProtocolHeader(received)).toEqual({
      kind: 'accepted',
      rest: Buffer.from('frames'),
    });
  });

  it('accepts 0-9 as 0-9-1', () => {
    const received = Buffer.from('AMQP\u0001\u0001\u0000\u0009', 'latin1');
    expect(readProtocolHeader(received)).toEqual({ kind: 'accepted', rest: Buffer.alloc(0) });
  });

  it.each([
    ['AMQP 1.0', 'AMQP\u0000\u0001\u0000\u0000'],
    ['AMQP 1.0 with SASL', 'AMQP\u0003\u0001\u0000\u0000'],
    ['AMQP 0-8', 'AMQP\u0001\u0001\u0008\u0000'],
    ['AMQP 0-9-0 with the id of 0-9-1', 'AMQP\u0000\u0000\u0009\u0000'],
    ['HTTP', 'GET / HTTP/1.1'],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001'],
  ])('refuses %s', (_protocol, greeting) => {
    expect(readProtocolHeader(Buffer.from(greeting, 'latin1'))).toEqual({ kind: 'refused' });
  });
});

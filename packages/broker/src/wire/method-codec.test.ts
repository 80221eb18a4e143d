import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmqpError } from '../base/amqp-error.ts';
import { emptyTable } from '../base/field.ts';
import { bytes, fieldsFor } from './arbitraries.fixture.ts';
import { ByteWriter } from './byte-writer.ts';
import { decodeMethod, writeMethod } from './method-codec.ts';
import { type MethodFields, type MethodName, methods } from './methods.ts';

const names = Object.keys(methods) as MethodName[];

function encode<N extends MethodName>(name: N, fields: MethodFields<N>): Buffer {
  const writer = new ByteWriter(16);
  writeMethod(writer, name, fields);
  return Buffer.concat(writer.take());
}

/** Payload of a method frame, written by hand. */
function payload(classId: number, methodId: number, ...fields: number[]): Buffer {
  return Buffer.from([classId >> 8, classId & 0xff, methodId >> 8, methodId & 0xff, ...fields]);
}

describe('methods', () => {
  it.each(names)('%s comes back as it was', (name) => {
    fc.assert(
      fc.property(fieldsFor(name), (fields) => {
        const encoded = encode(name, fields as MethodFields<typeof name>);
        expect(encoded.readUInt16BE(0)).toBe(methods[name].id[0]);
        expect(encoded.readUInt16BE(2)).toBe(methods[name].id[1]);
        expect(decodeMethod(encoded)).toEqual({ name, fields });
      }),
      { numRuns: 30 },
    );
  });

  it.each(names)('%s with an octet less or more is refused with 501', (name) => {
    fc.assert(
      fc.property(fieldsFor(name), (fields) => {
        const encoded = encode(name, fields as MethodFields<typeof name>);
        const refused = expect.objectContaining({ code: 501 });
        expect(() => decodeMethod(encoded.subarray(0, -1))).toThrow(refused);
        expect(() => decodeMethod(Buffer.concat([encoded, Buffer.alloc(1)]))).toThrow(refused);
      }),
      { numRuns: 10 },
    );
  });

  it('have the numbers of the specification, no two the same', () => {
    const ids = names.map((name) => methods[name].id.join('.'));
    expect(new Set(ids).size).toBe(names.length);
    expect(names).toHaveLength(66);
    expect(methods['basic.publish'].id).toEqual([60, 40]);
    expect(methods['exchange.unbind-ok'].id).toEqual([40, 51]);
  });

  it('carry content when they are basic.publish, return, deliver or get-ok', () => {
    const carriers = names.filter((name) => 'content' in methods[name]);
    expect(carriers).toEqual(['basic.publish', 'basic.return', 'basic.deliver', 'basic.get-ok']);
  });
});

describe('writeMethod', () => {
  it('puts neighbouring bits into one octet, the first lowest', () => {
    const fields = { queue: 'q', ifUnused: false, ifEmpty: true, noWait: true };
    expect(encode('queue.delete', fields)).toEqual(payload(50, 40, 0, 0, 1, 0x71, 0b110));
  });

  it('writes reserved fields as nothing', () => {
    const fields = { virtualHost: '/' };
    expect(encode('connection.open', fields)).toEqual(payload(10, 40, 1, 0x2f, 0, 0));
    expect(encode('channel.open-ok', {})).toEqual(payload(20, 11, 0, 0, 0, 0));
  });

  it('writes basic.deliver as the specification says', () => {
    const fields = {
      consumerTag: 'c',
      deliveryTag: 2 ** 32 + 5,
      redelivered: true,
      exchange: '',
      routingKey: 'é',
    };
    const expected = payload(60, 60, 1, 0x63, 0, 0, 0, 1, 0, 0, 0, 5, 1, 0, 2, 0xc3, 0xa9);
    expect(encode('basic.deliver', fields)).toEqual(expected);
  });

  it('takes text of up to 255 bytes', () => {
    const longest = 'é'.repeat(127);
    expect(decodeMethod(encode('connection.blocked', { reason: longest }))).toEqual({
      name: 'connection.blocked',
      fields: { reason: longest },
    });
    expect(() => encode('connection.blocked', { reason: `${longest}é` })).toThrow(
      expect.objectContaining({ code: 541 }),
    );
  });
});

describe('decodeMethod', () => {
  it('makes a delivery tag beyond 2^53 the nearest number', () => {
    const all = Array.from({ length: 8 }, () => 0xff);
    expect(decodeMethod(payload(60, 80, ...all, 0))).toEqual({
      name: 'basic.ack',
      fields: { deliveryTag: 2 ** 64, multiple: false },
    });
  });

  it('ignores bits that mean nothing', () => {
    expect(decodeMethod(payload(60, 110, 0xfe))).toEqual({
      name: 'basic.recover',
      fields: { requeue: false },
    });
  });

  it.each([
    ['class', 99, 10],
    ['method', 60, 250],
  ])('refuses an unknown %s with 540', (_what, classId, methodId) => {
    expect(() => decodeMethod(payload(classId, methodId))).toThrow(
      expect.objectContaining({ code: 540, scope: 'connection' }),
    );
  });

  it('refuses a payload without class and method with 501', () => {
    for (const length of [0, 1, 2, 3]) {
      expect(() => decodeMethod(Buffer.alloc(length))).toThrow(
        expect.objectContaining({ code: 501 }),
      );
    }
  });

  it('refuses text that is not UTF-8 with 501', () => {
    expect(() => decodeMethod(payload(10, 60, 2, 0xff, 0xfe))).toThrow(
      expect.objectContaining({ code: 501 }),
    );
  });

  it('lets text of basic.publish be any bytes', () => {
    expect(decodeMethod(payload(60, 40, 0, 0, 0, 1, 0xff, 0))).toMatchObject({
      fields: { exchange: '', routingKey: '\ufffd' },
    });
  });

  it('keeps nothing of what it was decoded from', () => {
    const fields = {
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: emptyTable,
      mechanisms: Buffer.from('PLAIN'),
      locales: Buffer.from('en_US'),
    };
    const encoded = encode('connection.start', fields);
    const decoded = decodeMethod(encoded);
    encoded.fill(0);
    expect(decoded).toEqual({ name: 'connection.start', fields });
  });

  it('takes random bytes, or refuses them with an AmqpError', () => {
    const ids = fc.constantFrom(...names).map((name) => {
      const [classId, methodId] = methods[name].id;
      return payload(classId, methodId);
    });
    fc.assert(
      fc.property(ids, bytes(80), (id, fields) => {
        try {
          decodeMethod(Buffer.concat([id, fields]));
        } catch (error) {
          expect(error).toBeInstanceOf(AmqpError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

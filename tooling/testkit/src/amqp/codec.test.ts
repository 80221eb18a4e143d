import { expect, test } from 'vitest';
import { Assembly } from './assembly.ts';
import { encodeMethod, idOf, nameOf } from './codec.ts';
import { bodyFrames, FrameReader, headerFrame } from './frames.ts';
import { encodeProperties } from './properties.ts';
import { typed } from './values.ts';

const headers = {
  text: 'é',
  small: -1,
  large: 2 ** 40,
  big: 5n,
  part: 0.5,
  yes: true,
  none: null,
  bytes: Buffer.of(1, 2),
  list: [1, 'a', { deep: false }],
  octet: typed.uint8(200),
  decimal: typed.decimal(2, 314),
  time: typed.timestamp(9n),
};

async function readAll(bytes: Buffer, size: number): Promise<unknown[]> {
  const reader = new FrameReader();
  const assembly = new Assembly();
  const arrivals: unknown[] = [];
  for (let from = 0; from < bytes.length; from += size)
    for (const frame of reader.push(bytes.subarray(from, from + size))) {
      const arrival = await assembly.add(frame);
      if (arrival) arrivals.push(arrival);
    }
  return arrivals;
}

test('a message is read back however its bytes are split', async () => {
  const properties = encodeProperties({ headers, priority: 3, timestamp: 7, appId: 'app' });
  const bytes = Buffer.concat([
    encodeMethod(1, 'basic.return', { replyCode: 312, replyText: 'NO_ROUTE', routingKey: 'key' }),
    headerFrame(1, 20, properties),
    ...bodyFrames(1, Buffer.alloc(20, 'x'), 17),
    encodeMethod(1, 'basic.ack', { deliveryTag: 4, multiple: true }),
  ]);
  for (let size = 1; size <= bytes.length; size++) {
    const [message, ack, ...rest] = await readAll(bytes, size);
    expect(message).toMatchObject({
      method: 'basic.return',
      replyCode: 312,
      routingKey: 'key',
      text: 'x'.repeat(20),
      bodyFrames: [9, 9, 2],
      rawProperties: properties,
      properties: {
        priority: 3,
        timestamp: 7,
        appId: 'app',
        headers: {
          ...headers,
          big: 5,
          octet: 200,
          decimal: { scale: 2, value: 314 },
          time: 9,
        },
      },
    });
    expect(ack).toEqual({ method: 'basic.ack', deliveryTag: 4, multiple: true });
    expect(rest).toEqual([]);
  }
});

test('arguments keep the types that the test gave them', async () => {
  const frame = encodeMethod(1, 'queue.declare', {
    queue: 'q',
    durable: true,
    arguments: { ttl: typed.int16(5) },
  });
  expect(frame.toString('hex')).toContain(`0374746c${Buffer.from('s').toString('hex')}0005ce`);
  expect(await readAll(frame, frame.length)).toMatchObject([
    { method: 'queue.declare', queue: 'q', durable: true, exclusive: false, arguments: { ttl: 5 } },
  ]);
});

test.each([
  ['queue.declare-ok', 50, 11],
  ['exchange.unbind-ok', 40, 51],
  ['basic.get-empty', 60, 72],
  ['basic.recover-async', 60, 100],
  ['connection.start', 10, 10],
  ['confirm.select-ok', 85, 11],
] as const)('%s has its number in the specification', (method, classId, methodId) => {
  expect(idOf(method)).toBe(classId * 0x10000 + methodId);
  expect(nameOf(classId * 0x10000 + methodId)).toBe(method);
});

test.each([
  ['channel.flow', { active: true }],
  ['channel.flow-ok', { active: false }],
  ['access.request-ok', { ticket: 258 }],
  ['connection.update-secret-ok', {}],
] as const)('%s, which the client lacks, is written and read', async (method, fields) => {
  const frame = encodeMethod(3, method, fields);
  expect(await readAll(frame, frame.length)).toEqual([{ method, ...fields }]);
});

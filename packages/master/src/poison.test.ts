import { gzipSync } from 'node:zlib';
import { gzipCodec } from '@leveret/codec-gzip';
import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import type { Codec, IncomingMessage, OutgoingMessage } from '@leveret/core';
import { createInbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test, vi } from 'vitest';
import { Master } from './master.ts';
import { deadLetters, openWorkbench } from './workbench.fixture.ts';

const json = jsonCodec();
const msgpack = msgpackCodec();
const zipped = gzipCodec(json, { maxOutputBytes: 65_536, asyncAbove: 0 });
const MEBIBYTE = 1024 * 1024;

/** Rejects what it is given, and takes its time. */
const hostile: Codec = {
  contentType: 'application/x-hostile',
  encode: () => Buffer.alloc(0),
  decode: async () => {
    throw new RangeError('cannot read this');
  },
};
/** Gives a promise, and a value. */
const patient: Codec = {
  contentType: 'application/x-patient',
  encode: async (value) => json.encode(value),
  decode: async (bytes) => json.decode(bytes),
};

const jsonBody = (body: Uint8Array): OutgoingMessage => ({ body, contentType: 'application/json' });
const packed = (): Uint8Array =>
  Buffer.from(msgpack.encode({ text: 'cut short', list: [1, 2, 3] }));

const POISON: readonly (readonly [string, string, () => OutgoingMessage])[] = [
  ['that is not JSON', 'CODEC', () => jsonBody(Buffer.from('{"a":'))],
  ['that is not UTF-8', 'CODEC', () => jsonBody(Buffer.from([0x22, 0xff, 0x22]))],
  ['that is empty', 'CODEC', () => jsonBody(new Uint8Array())],
  ['of 16 MiB that is not JSON', 'CODEC', () => jsonBody(Buffer.alloc(16 * MEBIBYTE, 'x'))],
  ['that is a JSON array', 'INVALID_MESSAGE', () => jsonBody(Buffer.from('[{"a":1}]'))],
  ['that is JSON null', 'INVALID_MESSAGE', () => jsonBody(Buffer.from('null'))],
  ['that is a JSON string', 'INVALID_MESSAGE', () => jsonBody(Buffer.from('"text"'))],
  [
    'that is msgpack cut short',
    'CODEC',
    () => ({ body: packed().subarray(0, -1), contentType: msgpack.contentType }),
  ],
  [
    'that is bytes in msgpack',
    'INVALID_MESSAGE',
    () => ({ body: Uint8Array.of(0xc4, 1, 7), contentType: msgpack.contentType }),
  ],
  [
    'that is a gzip bomb',
    'CODEC',
    () => ({ ...jsonBody(gzipSync(Buffer.alloc(8 * MEBIBYTE, ' '))), contentEncoding: 'gzip' }),
  ],
  ['that is no gzip', 'CODEC', () => ({ ...jsonBody(Buffer.from('{}')), contentEncoding: 'gzip' })],
  [
    'of a type that nobody reads',
    'UNSUPPORTED_CONTENT_TYPE',
    () => ({ body: Buffer.from('<a/>'), contentType: 'application/xml' }),
  ],
  [
    'in an encoding that nobody reads',
    'UNSUPPORTED_CONTENT_TYPE',
    () => ({ ...jsonBody(Buffer.from('{}')), contentEncoding: 'br' }),
  ],
  [
    'that an asynchronous codec refuses',
    'CODEC',
    () => ({ body: Buffer.from('x'), contentType: hostile.contentType }),
  ],
];

describeWithBroker('a message that cannot be a task', (getUrl) => {
  test.for(POISON)(
    'a body %s is rejected for good and reported as %s, and the worker goes on',
    {
      timeout: 20_000,
    },
    async ([, code, makeMessage]) => {
      const { channel, events } = await openWorkbench(getUrl());
      const accept = [msgpack, zipped, hostile];
      const master = new Master(channel, { codec: json, accept });
      const dead = await deadLetters(channel);
      const name = uniqueName('task');
      const worked = createInbox<unknown>('the next good task');
      const worker = await master.createWorker(name, (payload) => worked.push(payload), {
        autoDelete: true,
        arguments: dead.arguments,
      });
      const letters = createInbox<IncomingMessage>('the dead letter');
      await dead.queue.consume(letters.push, { noAck: true });
      const poison = { ...makeMessage(), messageId: uniqueName('poison') };

      await channel.defaultExchange.publish(poison, name);
      await master.createTask(name, { good: true });

      expect(await worked.next()).toStrictEqual({ good: true });
      expect(await events.next()).toMatchObject({
        type: 'message-rejected',
        queue: name,
        messageId: poison.messageId,
        error: { code },
      });
      const letter = await letters.next(10_000);
      expect(letter.messageId).toBe(poison.messageId);
      expect(Buffer.compare(letter.body, poison.body)).toBe(0);
      await worker.close();
      expect(await events.next()).toMatchObject({ type: 'drained' });
      expect(events.size + letters.size + worked.size).toBe(0);
    },
  );

  test('what a codec threw is the cause of the report', async () => {
    const { channel, events } = await openWorkbench(getUrl());
    const master = new Master(channel, { codec: hostile });
    const name = uniqueName('task');
    await master.createWorker(name, () => {}, { autoDelete: true });
    await master.createTask(name, {});
    expect(await events.next()).toMatchObject({
      error: { cause: new RangeError('cannot read this') },
    });
  });

  test('a body that is still being decoded when the worker gives up is put back, not worked off', async () => {
    const { channel, events, master: plain } = await openWorkbench(getUrl());
    const decoding = createInbox<(value: unknown) => void>('a body to decode');
    const slow: Codec = { ...json, decode: () => new Promise((resolve) => decoding.push(resolve)) };
    const master = new Master(channel, { codec: slow });
    const name = uniqueName('task');
    const handler = vi.fn();
    const queue = await plain.createQueue(name, { durable: false });
    const worker = await master.createWorker(name, handler, { durable: false, drainTimeout: 0 });
    for (const task of ['good', 'bad']) await plain.createTask(name, { task });
    const [good, bad] = await decoding.take(2);
    await worker.close();
    good?.({ late: true });
    bad?.(Promise.reject(new Error('late as well')));
    expect(await queue.delete()).toBe(2);
    expect(handler).not.toHaveBeenCalled();
    expect(events.drain()).toMatchObject([{ type: 'drained', aborted: 2 }]);
  });
});

describeWithBroker('a worker that accepts several codecs', (getUrl) => {
  test('understands each by its content type, and what has none as its own', async () => {
    const { channel } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const worked = createInbox<unknown>('a task');
    const accept = [json, zipped, patient];
    const worker = new Master(channel, { codec: msgpack, accept });
    await worker.createWorker(name, (payload) => worked.push(payload), {
      autoDelete: true,
      concurrency: 1,
    });
    for (const codec of [msgpack, ...accept]) {
      await new Master(channel, { codec }).createTask(name, { as: codec.contentType });
      expect(await worked.next()).toStrictEqual({ as: codec.contentType });
    }
    await channel.defaultExchange.publish({ body: msgpack.encode({ as: 'nothing' }) }, name);
    expect(await worked.next()).toStrictEqual({ as: 'nothing' });
  });

  test('works a task of 16 MiB off', { timeout: 20_000 }, async () => {
    const { channel } = await openWorkbench(getUrl());
    const master = new Master<{ [name: string]: { bytes: Uint8Array } }>(channel, {
      codec: msgpack,
    });
    const name = uniqueName('task');
    const worked = createInbox<Uint8Array>('the large task');
    await master.createWorker(name, ({ bytes }) => worked.push(bytes), { autoDelete: true });
    const bytes = new Uint8Array(16 * MEBIBYTE - 64).fill(7);
    await master.createTask(name, { bytes });
    expect(Buffer.compare(await worked.next(10_000), bytes)).toBe(0);
  });
});

import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import type { IncomingMessage } from '@leveret/core';
import { createInbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { eventOf, openBareCaller, openWorkbench, reasonOf } from './workbench.fixture.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const textOf = (message: IncomingMessage): string => Buffer.from(message.body).toString();

/** Every property of a message but its id, which core gives to each. */
function propertiesOf(message: IncomingMessage): object {
  const { contentType, contentEncoding, type, correlationId, replyTo, headers } = message;
  const { priority, deliveryMode, expiration, timestamp, userId, appId } = message;
  const { exchange, routingKey } = message;
  return {
    ...{ contentType, contentEncoding, type, correlationId, replyTo, headers },
    ...{ priority, deliveryMode, expiration, timestamp, userId, appId, exchange, routingKey },
  };
}

describeWithBroker('a request', (getUrl) => {
  /** What a call looks like in the queue of its method. */
  async function requestOf(options: object): Promise<IncomingMessage> {
    const { rpc, channel } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const requests = createInbox<IncomingMessage>('the request');
    const queue = await channel.declareQueue(name, { exclusive: true });
    await queue.consume(requests.push, { noAck: true });
    const outcome = reasonOf(rpc.call(name, { x: 1 }, options));
    const request = await requests.next();
    await rpc.close();
    await outcome;
    return request;
  }

  test('is a message as aio-pika sends it', async () => {
    const from = Date.now();
    const request = await requestOf({});
    expect(textOf(request)).toBe('{"x":1}');
    expect(propertiesOf(request)).toStrictEqual({
      exchange: '',
      routingKey: request.routingKey,
      contentType: 'application/json',
      contentEncoding: undefined,
      type: 'call',
      correlationId: expect.stringMatching(UUID),
      replyTo: expect.stringMatching(/^amq\.gen-/),
      headers: { From: request.replyTo },
      priority: 5,
      deliveryMode: 1,
      expiration: undefined,
      timestamp: expect.any(Date),
      userId: undefined,
      appId: undefined,
    });
    expect(Math.abs(Number(request.timestamp) - from)).toBeLessThan(60_000);
  });

  test('carries the options of its call', async () => {
    const headers = { tenant: 'a', From: 'somebody else' };
    const options = { priority: 9, expiration: 30_000, deliveryMode: 2, headers };
    const request = await requestOf(options);
    expect(request).toMatchObject({ priority: 9, expiration: 30_000, deliveryMode: 2 });
    expect(request.headers).toStrictEqual({ tenant: 'a', From: request.replyTo });
  });

  test('to an exchange has it in its key', async () => {
    const exchange = uniqueName('exchange');
    const { rpc, channel } = await openWorkbench(getUrl(), { exchange });
    const requests = createInbox<IncomingMessage>('the request');
    const queue = await channel.declareQueue('', { exclusive: true });
    await queue.bind(exchange, `${exchange}::method`);
    await queue.consume(requests.push, { noAck: true });
    const outcome = reasonOf(rpc.call('method', {}));
    expect(await requests.next()).toMatchObject({ exchange, routingKey: `${exchange}::method` });
    await rpc.close();
    await outcome;
  });
});

describeWithBroker('the queues and exchanges of calls', (getUrl) => {
  test('are declared as aio-pika declares them', async () => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await rpc.register(name, () => 1, { durable: false });
    const dlx = { type: 'headers', durable: false, autoDelete: true };
    await channel.declareExchange('rpc.dlx', dlx);
    await channel.declareQueue(name, {
      durable: false,
      arguments: { 'x-dead-letter-exchange': 'rpc.dlx' },
    });
    await expect(channel.declareQueue(name, { durable: false })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    await (await channel.getQueue(name)).delete();
  });

  test('a queue has the arguments given beside that of expired calls', async () => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await rpc.register(name, () => 1, { autoDelete: true, arguments: { 'x-max-priority': 10 } });
    const args = { 'x-max-priority': 10, 'x-dead-letter-exchange': 'rpc.dlx' };
    await channel.declareQueue(name, { autoDelete: true, arguments: args });
  });

  test('an exchange for calls is direct, deleted automatically and not durable', async () => {
    const exchange = uniqueName('exchange');
    const { channel } = await openWorkbench(getUrl(), { exchange });
    await channel.declareExchange(exchange, { type: 'direct', durable: false, autoDelete: true });
  });
});

describeWithBroker('a reply', (getUrl) => {
  const json = jsonCodec();
  const msgpack = msgpackCodec();

  test.for([
    ['result', () => ({ ok: true }), '{"ok":true}'],
    [
      'error',
      () => {
        throw new TypeError('no');
      },
      '{"error":{"type":"TypeError","message":"no","args":["no"]}}',
    ],
  ] as const)('of type %s is a message as aio-pika sends it', async ([type, method, body]) => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const caller = await openBareCaller(channel);
    const name = uniqueName('method');
    await rpc.register(name, method, { autoDelete: true });
    await caller.send(name, {
      body: json.encode({}),
      contentType: 'application/json',
      replyTo: caller.replyTo,
      correlationId: 'mine',
      type: 'call',
      deliveryMode: 1,
      priority: 5,
      headers: { From: caller.replyTo, 'x-unknown': 'kept to ourselves' },
    });
    const reply = await caller.replies.next();
    expect(textOf(reply)).toBe(body);
    expect(propertiesOf(reply)).toStrictEqual({
      exchange: '',
      routingKey: caller.replyTo,
      contentType: 'application/json',
      contentEncoding: undefined,
      type,
      correlationId: 'mine',
      replyTo: undefined,
      headers: {},
      priority: undefined,
      deliveryMode: 1,
      expiration: undefined,
      timestamp: expect.any(Date),
      userId: undefined,
      appId: undefined,
    });
  });

  test('has the delivery mode of its request', async () => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const { send, replies, replyTo } = await openBareCaller(channel);
    const name = uniqueName('method');
    await rpc.register(name, () => 1, { autoDelete: true });
    await send(name, { body: json.encode({}), replyTo, deliveryMode: 2 });
    expect((await replies.next()).deliveryMode).toBe(2);
  });

  test('comes in the codec of its request', async () => {
    const name = uniqueName('method');
    const callee = await openWorkbench(getUrl(), { codec: json, accept: [msgpack] });
    await callee.rpc.register(name, (args) => ({ args }), { autoDelete: true });
    const fail = uniqueName('method');
    const broken = () => {
      throw new Error('broken');
    };
    await callee.rpc.register(fail, broken, { autoDelete: true });
    for (const codec of [json, msgpack]) {
      const { rpc } = await openWorkbench(getUrl(), { codec });
      expect(await rpc.call(name, { a: 1 })).toStrictEqual({ args: { a: 1 } });
      expect(await reasonOf(rpc.call(fail))).toMatchObject({ remoteMessage: 'broken' });
      const { send, replies, replyTo } = await openBareCaller(callee.channel);
      await send(name, { body: codec.encode({}), contentType: codec.contentType, replyTo });
      expect((await replies.next()).contentType).toBe(codec.contentType);
    }
  });

  test('that nobody waits for is counted and told, whoever sent it', async () => {
    const { rpc, channel, events } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const requests = createInbox<IncomingMessage>('the request');
    const queue = await channel.declareQueue(name, { exclusive: true });
    await queue.consume(requests.push, { noAck: true });
    const call = rpc.call(name, {});
    const { replyTo = '', correlationId } = await requests.next();
    const reply = (id: string | undefined, value: unknown) =>
      channel.defaultExchange.publish(
        {
          body: json.encode(value),
          contentType: 'application/json',
          type: 'result',
          correlationId: id,
        },
        replyTo,
      );

    await reply('unknown', 1);
    expect(await eventOf(events, 'late-reply')).toMatchObject({ correlationId: 'unknown' });
    await reply(undefined, 2);
    expect(await eventOf(events, 'late-reply')).toMatchObject({ correlationId: undefined });
    expect(rpc.pending).toBe(1);
    await reply(correlationId, 'first');
    await reply(correlationId, 'twice');
    expect(await call).toBe('first');
    expect(await eventOf(events, 'late-reply')).toMatchObject({ correlationId });
    expect(rpc.lateReplies).toBe(3);
  });

  test.for([
    ['of an unknown type', { type: 'surprise' }, 'CODEC'],
    ['without a type', { type: undefined }, 'CODEC'],
    ['whose body is broken', { type: 'result', body: Buffer.from('{') }, 'CODEC'],
    ['that nobody reads', { type: 'result', contentType: 'text/xml' }, 'UNSUPPORTED_CONTENT_TYPE'],
    ['of an error in another shape', { type: 'error' }, 'REMOTE_ERROR'],
    ['of an error that is no object', { type: 'error', body: Buffer.from('7') }, 'REMOTE_ERROR'],
  ] as const)('%s fails its call with %s', async ([, properties, code]) => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const queue = await channel.declareQueue(name, { exclusive: true });
    await queue.consume(
      ({ replyTo = '', correlationId }) => {
        const body = json.encode({ hello: 1 });
        const reply = { body, contentType: 'application/json', correlationId, ...properties };
        return channel.defaultExchange.publish(reply, replyTo);
      },
      { noAck: true },
    );
    await expect(rpc.call(name, {})).rejects.toMatchObject({ code });
  });

  test('that takes time to decode settles its call all the same', async () => {
    const name = uniqueName('method');
    const callee = await openWorkbench(getUrl());
    await callee.rpc.register(name, () => 'good', { autoDelete: true });
    const slow = { ...json, decode: async (bytes: Uint8Array) => json.decode(bytes) };
    const { rpc } = await openWorkbench(getUrl(), { codec: slow });
    expect(await rpc.call(name, {})).toBe('good');
    const hostile = { ...json, decode: () => Promise.reject(new Error('unreadable')) };
    const other = await openWorkbench(getUrl(), { codec: hostile });
    await expect(other.rpc.call(name, {})).rejects.toMatchObject({ code: 'CODEC' });
  });
});

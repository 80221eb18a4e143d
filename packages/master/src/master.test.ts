import { inspect } from 'node:util';
import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import { type IncomingMessage, type Queue, UnroutableError } from '@leveret/core';
import { deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Master } from './master.ts';
import { openWorkbench } from './workbench.fixture.ts';

async function only(queue: Queue): Promise<IncomingMessage | undefined> {
  const message = await queue.get({ noAck: true });
  expect(await queue.get({ noAck: true })).toBeUndefined();
  return message;
}

describeWithBroker('creating tasks', (getUrl) => {
  test('a task is a persistent message to the queue of its name, as aio-pika writes it', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const queue = await master.createQueue(name, { exclusive: true });

    await master.createTask(name, { task_id: 7 });

    const message = await only(queue);
    expect(Buffer.from(message?.body ?? []).toString()).toBe('{"task_id":7}');
    expect({
      exchange: message?.exchange,
      routingKey: message?.routingKey,
      contentType: message?.contentType,
      contentEncoding: message?.contentEncoding,
      deliveryMode: message?.deliveryMode,
      headers: message?.headers,
      correlationId: message?.correlationId,
      replyTo: message?.replyTo,
      type: message?.type,
      timestamp: message?.timestamp,
      priority: message?.priority,
      expiration: message?.expiration,
      userId: message?.userId,
      appId: message?.appId,
    }).toStrictEqual({
      exchange: '',
      routingKey: name,
      contentType: 'application/json',
      contentEncoding: undefined,
      deliveryMode: 2,
      headers: {},
      correlationId: undefined,
      replyTo: undefined,
      type: undefined,
      timestamp: undefined,
      priority: undefined,
      expiration: undefined,
      userId: undefined,
      appId: undefined,
    });
  });

  test('options become properties of the message', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const queue = await master.createQueue(name, { exclusive: true });

    await master.createTask(
      name,
      {},
      {
        priority: 5,
        expiration: 60_000,
        headers: { tries: 3, from: 'a test' },
        messageId: 'message-1',
        timestamp: new Date('2020-01-02T03:04:05Z'),
        type: 'kind',
        appId: 'app',
        deliveryMode: 1,
        timeout: 5_000,
      },
    );

    expect(await only(queue)).toMatchObject({
      priority: 5,
      expiration: 60_000,
      headers: { tries: 3, from: 'a test' },
      messageId: 'message-1',
      timestamp: new Date('2020-01-02T03:04:05Z'),
      type: 'kind',
      appId: 'app',
      deliveryMode: 1,
      contentType: 'application/json',
    });
  });

  test('a payload left out is an empty object', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const queue = await master.createQueue(name, { exclusive: true });
    await master.createTask(name);
    expect(Buffer.from((await only(queue))?.body ?? []).toString()).toBe('{}');
  });

  test('the codec given writes the body and its content type', async () => {
    const { channel } = await openWorkbench(getUrl());
    const codec = msgpackCodec();
    const master = new Master(channel, { codec });
    const name = uniqueName('task');
    const queue = await master.createQueue(name, { exclusive: true });
    await master.createTask(name, { bytes: Uint8Array.of(1, 2) });
    const message = await only(queue);
    expect(message?.contentType).toBe(codec.contentType);
    expect(codec.decode(message?.body ?? new Uint8Array())).toStrictEqual({
      bytes: Uint8Array.of(1, 2),
    });
  });

  test('a codec may take its time to encode', async () => {
    const { channel } = await openWorkbench(getUrl());
    const slow = { ...jsonCodec(), encode: async () => Buffer.from('{"slow":true}') };
    const master = new Master(channel, { codec: slow });
    const name = uniqueName('task');
    const queue = await master.createQueue(name, { exclusive: true });
    await master.createTask(name, {});
    expect(Buffer.from((await only(queue))?.body ?? []).toString()).toBe('{"slow":true}');
  });

  test('without a queue of its name a task is UNROUTABLE and comes back in the error', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const error: unknown = await master
      .createTask(name, { a: 1 })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnroutableError);
    expect(error).toMatchObject({ code: 'UNROUTABLE', returned: { routingKey: name } });
  });

  test('createQueue lets tasks be created before the first worker is up', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    await master.createQueue(name, { autoDelete: true });
    await master.createTask(name, { early: true });
    const worked = new Promise((resolve) => {
      onTestFinished(async () => (await worker).close());
      const worker = master.createWorker(name, resolve, { autoDelete: true });
    });
    expect(await deadline(worked, 5_000, 'the early task')).toStrictEqual({ early: true });
  });

  test('the queue of a task is durable unless said otherwise', async () => {
    const { master, channel } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const queue = await master.createQueue(name);
    onTestFinished(async () => void (await queue.delete()));
    await expect(channel.declareQueue(name, { durable: false })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    await expect(channel.declareQueue(name, { durable: true })).resolves.toMatchObject({ name });
  });

  test('one option makes all queues of a master quorum queues, but for those that say otherwise', async () => {
    const { channel } = await openWorkbench(getUrl());
    const master = new Master(channel, { codec: jsonCodec(), queueType: 'quorum' });
    const [created, worked, other] = [uniqueName('task'), uniqueName('task'), uniqueName('task')];
    const queue = await master.createQueue(created);
    onTestFinished(async () => void (await queue.delete()));
    const worker = await master.createWorker(worked, () => {});
    onTestFinished(() => worker.close());
    await master.createQueue(other, { queueType: 'classic', exclusive: true });
    for (const name of [created, worked])
      await expect(channel.declareQueue(name, { queueType: 'quorum' })).resolves.toBeDefined();
    await (await channel.getQueue(worked)).delete();
    const classic = channel.declareQueue(created, { queueType: 'classic' });
    await expect(classic).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  test.for([
    ['an array', []],
    ['null', null],
    ['a string', 'x'],
    ['a number', 1],
    ['a Date', new Date()],
    ['bytes', new Uint8Array(1)],
  ] as const)('%s is no payload: INVALID_MESSAGE, and nothing is sent', async ([, payload]) => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const queue = await master.createQueue(name, { exclusive: true });
    await expect(master.createTask(name, payload)).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      field: 'payload',
    });
    expect(await queue.get()).toBeUndefined();
  });

  test('a payload that the codec cannot write is a rejection with CODEC, not a throw', async () => {
    const { master } = await openWorkbench(getUrl());
    await expect(master.createTask(uniqueName('task'), { big: 1n })).rejects.toMatchObject({
      code: 'CODEC',
    });
  });

  test('an empty name is INVALID_ARGUMENT', async () => {
    const { master } = await openWorkbench(getUrl());
    await expect(master.createTask('', {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(master.createQueue('')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(master.createWorker('', () => {})).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('a property that breaks a rule is INVALID_MESSAGE and names the field', async () => {
    const { master } = await openWorkbench(getUrl());
    await expect(
      master.createTask(uniqueName('task'), {}, { priority: 256 }),
    ).rejects.toMatchObject({ code: 'INVALID_MESSAGE', field: 'priority' });
  });
});

describeWithBroker('the proxy of a master', (getUrl) => {
  test('creates the task of its name', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const queue = await master.createQueue(name, { exclusive: true });
    await master.proxy[name]?.({ a: 1 }, { priority: 3 });
    const message = await only(queue);
    expect(Buffer.from(message?.body ?? []).toString()).toBe('{"a":1}');
    expect(message?.priority).toBe(3);
  });

  test('joins nested names with dots', async () => {
    const { master } = await openWorkbench(getUrl());
    const prefix = uniqueName('task');
    const queue = await master.createQueue(`${prefix}.mail.send`, { exclusive: true });
    await master.proxy[prefix]?.['mail']?.['send']?.({ to: 'you' });
    expect(Buffer.from((await only(queue))?.body ?? []).toString()).toBe('{"to":"you"}');
  });

  test('awaiting, resolving, printing and serialising it publishes nothing', async () => {
    const { channel, master } = await openWorkbench(getUrl());
    const publish = vi.spyOn(channel.defaultExchange, 'publish');
    const prefix = uniqueName('task');
    const looked = ['then', 'toJSON', 'inspect', 'constructor', 'nodeType', 'asymmetricMatch'];
    const names = ['then', ...looked.map((name) => `${prefix}.${name}`)];
    const queues = await Promise.all(
      names.map((name) => channel.declareQueue(name, { exclusive: true })),
    );

    for (const proxy of [master.proxy, master.proxy[prefix]]) {
      await proxy;
      await Promise.resolve(proxy);
      await (async () => proxy)();
      vi.spyOn(console, 'log').mockImplementationOnce((value) => inspect(value));
      console.log(proxy);
      inspect(proxy, { showProxy: true, showHidden: true, depth: 5 });
      JSON.stringify({ proxy });
      Object.prototype.toString.call(proxy);
      expect(() => structuredClone(proxy)).toThrow();
      expect(proxy).toEqual(proxy);
    }

    for (const queue of queues) expect(await queue.get()).toBeUndefined();
    expect(publish).not.toHaveBeenCalled();
    await master.createTask('then', {});
    expect(await queues[0]?.get()).toBeDefined();
  });
});

describeWithBroker('a master used from JavaScript', (getUrl) => {
  const codec = jsonCodec();

  test.for([
    ['options', undefined],
    ['options', null],
    ['codec', {}],
    ['codec.contentType', { codec: {} }],
    ['codec.encode', { codec: { contentType: 'a/b' } }],
    ['accept', { codec, accept: 5 }],
    ['accept[0].contentType', { codec, accept: [{}] }],
    ['queueType', { codec, queueType: 5 }],
  ] as const)('is not made with a bad %s: %j', async ([field, options]) => {
    const { channel } = await openWorkbench(getUrl());
    expect(() => Reflect.construct(Master, [channel, options])).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(`: ${field} must be`),
      }),
    );
  });

  test.for([undefined, null, 5, {}])('is not made on what is no channel: %s', (channel) => {
    expect(() => Reflect.construct(Master, [channel, { codec }])).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('channel'),
      }),
    );
  });

  test.for([
    ['createTask', 'name', [undefined, {}]],
    ['createTask', 'options', ['task', {}, null]],
    ['createTask', 'options', ['task', {}, 5]],
    ['createTask', 'options', ['task', {}, []]],
    ['createQueue', 'name', [undefined]],
    ['createQueue', 'options', ['task', null]],
    ['createQueue', 'options', ['task', 'durable']],
    ['createWorker', 'name', [undefined, () => {}]],
    ['createWorker', 'name', ['', () => {}]],
    ['createWorker', 'handler', ['task']],
    ['createWorker', 'options', ['task', () => {}, null]],
    ['createWorker', 'options', ['task', () => {}, 5]],
  ] as const)('%s refuses a bad %s: %j', async ([method, field, args]) => {
    const { master, channel } = await openWorkbench(getUrl());
    const declare = vi.spyOn(channel, 'declareQueue');
    const publish = vi.spyOn(channel.defaultExchange, 'publish');
    const given: readonly unknown[] = args;
    await expect(Reflect.apply(master[method], master, given)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`INVALID_ARGUMENT: ${field} `),
    });
    expect(declare).not.toHaveBeenCalled();
    expect(publish).not.toHaveBeenCalled();
  });
});

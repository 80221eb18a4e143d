import { startBroker } from '@leveret/broker';
import { jsonCodec } from '@leveret/codec-json';
import { LeveretError, type OutgoingMessage } from '@leveret/core';
import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test, vi } from 'vitest';
import { RPC } from './rpc.ts';
import type { CallContext } from './types.ts';
import { eventOf, gate, openBareCaller, openWorkbench, reasonOf } from './workbench.fixture.ts';

const json = jsonCodec();
const AUTO = { autoDelete: true };

/** Methods whose results are as large as they are told. */
interface Sized {
  readonly [name: string]: (args: { readonly size: number }) => string;
}

describeWithBroker('registering a method', (getUrl) => {
  test('twice by the same name is ALREADY_REGISTERED', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const first = rpc.register(name, () => 1, AUTO);
    await expect(rpc.register(name, () => 2, AUTO)).rejects.toMatchObject({
      code: 'ALREADY_REGISTERED',
    });
    await first;
    expect(await rpc.call(name)).toBe(1);
  });

  test('twice with the same function is ALREADY_REGISTERED', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const method = () => 1;
    const [one, two] = [uniqueName('method'), uniqueName('method')];
    await rpc.register(one, method, AUTO);
    const again = rpc.register(two, method, AUTO);
    await expect(again).rejects.toMatchObject({ code: 'ALREADY_REGISTERED' });
    await expect(rpc.call(two)).rejects.toMatchObject({ code: 'UNROUTABLE' });
  });

  test('that the broker refuses leaves the name free', async () => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const queue = await channel.declareQueue(name, { durable: false });
    const method = () => 1;
    await expect(rpc.register(name, method, AUTO)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    await queue.delete();
    await rpc.register(name, method, AUTO);
    expect(await rpc.call(name)).toBe(1);
  });

  test('with what is no function is INVALID_ARGUMENT', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const args: readonly unknown[] = [uniqueName('method'), 'not a function'];
    await expect(Reflect.apply(rpc.register, rpc, args)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('that the broker refuses late does not touch who has the name by then', async () => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const refused = new LeveretError('ACCESS_REFUSED', 'no');
    const hold = gate();
    vi.spyOn(channel, 'declareQueue').mockImplementationOnce(async () => {
      await hold.opened;
      throw refused;
    });
    const first = reasonOf(rpc.register(name, () => 1, AUTO));
    const unregistered = reasonOf(rpc.unregister(name));
    await rpc.register(name, () => 2, AUTO);
    hold.open();
    expect(await first).toBe(refused);
    await unregistered;
    await expect(rpc.register(name, () => 3, AUTO)).rejects.toMatchObject({
      code: 'ALREADY_REGISTERED',
    });
    expect(await rpc.call(name)).toBe(2);
  });

  test.for([
    ['name', undefined, {}],
    ['name', null, {}],
    ['name', '', {}],
    ['name', 5, {}],
    ['options', 'method', null],
    ['options', 'method', 5],
  ] as const)(
    'of JavaScript with a bad %s is INVALID_ARGUMENT: %s, %s',
    async ([field, name, options]) => {
      const { rpc, channel } = await openWorkbench(getUrl());
      const declare = vi.spyOn(channel, 'declareQueue');
      const args: readonly unknown[] = [name, () => 1, options];
      await expect(Reflect.apply(rpc.register, rpc, args)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(field),
      });
      expect(declare).not.toHaveBeenCalled();
    },
  );

  test('tells it of its call', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const contexts = createInbox<CallContext>('a call');
    await rpc.register(name, (_args, context) => contexts.push(context), AUTO);
    await rpc.call(name, {}, { headers: { tenant: 'a' }, priority: 2 });
    const context = await contexts.next();
    expect(context).toMatchObject({ name, redelivered: false, headers: { tenant: 'a' } });
    expect(context.message).toMatchObject({ type: 'call', priority: 2 });
    expect(context.signal.aborted).toBe(false);
  });

  test('on a queue with priorities, urgent calls overtake others', async () => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const { send, replies, replyTo } = await openBareCaller(channel);
    const name = uniqueName('method');
    const options = { durable: false, arguments: { 'x-max-priority': 10 } };
    await rpc.register(name, () => 0, options);
    await rpc.unregister(name);
    for (const priority of [1, 5, 9])
      await send(name, { body: json.encode({ priority }), priority, replyTo });
    const method = (args: unknown) => args;
    await rpc.register(name, method, { ...options, prefetch: 1, concurrency: 1 });
    const results = (await replies.take(3)).map(({ body }) => json.decode(body));
    expect(results).toStrictEqual([{ priority: 9 }, { priority: 5 }, { priority: 1 }]);
    await rpc.unregister(name);
    await (await channel.getQueue(name)).delete();
  });
});

describeWithBroker('unregistering a method', (getUrl) => {
  test.for(['name', 'function'] as const)('by its %s waits for the calls in hand', async (by) => {
    const { rpc } = await openWorkbench(getUrl());
    const callee = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const started = createInbox<unknown>('a call');
    const hold = gate();
    const method = async (args: unknown) => {
      started.push(args);
      await hold.opened;
      return 'done';
    };
    await callee.rpc.register(name, method, AUTO);
    const call = rpc.call(name, {});
    await started.next();
    const order: string[] = [];
    const unregistered = callee.rpc.unregister(by === 'name' ? name : method).then(() => {
      order.push('unregistered');
    });
    // The name is free at once, and the broker is told before any call ends.
    await callee.rpc.register(name, () => 'the next', AUTO);
    order.push('registered');
    hold.open();
    expect(await call).toBe('done');
    await deadline(unregistered, 5_000, 'unregistering');
    expect(order).toStrictEqual(['registered', 'unregistered']);
    expect(await rpc.call(name, {})).toBe('the next');
    expect(started.size).toBe(0);
  });

  test('that is not registered does nothing', async () => {
    const { rpc } = await openWorkbench(getUrl());
    await expect(rpc.unregister(uniqueName('method'))).resolves.toBeUndefined();
    await expect(rpc.unregister(() => 1)).resolves.toBeUndefined();
  });

  test('leaves its calls UNROUTABLE once its queue is gone', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await rpc.register(name, () => 1, AUTO);
    await rpc.unregister(name);
    await expect(rpc.call(name)).rejects.toMatchObject({ code: 'UNROUTABLE' });
  });
});

describeWithBroker('making an RPC', (getUrl) => {
  test('that fails half-way leaves no queue for replies', async () => {
    const { channel } = await openWorkbench(getUrl());
    const declareQueue = channel.declareQueue.bind(channel);
    const names = createInbox<string>('the queue for replies');
    const refused = new LeveretError('ACCESS_REFUSED', 'no');
    vi.spyOn(channel, 'declareQueue').mockImplementationOnce(async (...args) => {
      const queue = await declareQueue(...args);
      names.push(queue.name);
      vi.spyOn(queue, 'bind').mockRejectedValueOnce(refused);
      return queue;
    });
    expect(await reasonOf(RPC.create(channel, { codec: json }))).toBe(refused);
    const error = await reasonOf(channel.getQueue(await names.next()));
    expect(error).toMatchObject({ code: 'NOT_FOUND' });
  });

  test.for([
    ['options', undefined],
    ['options', null],
    ['codec', {}],
    ['codec.contentType', { codec: {} }],
    ['accept', { codec: json, accept: 5 }],
    ['accept[0].contentType', { codec: json, accept: [{}] }],
    ['timeout', { codec: json, timeout: 'x' }],
    ['timeout', { codec: json, timeout: null }],
    ['name', { codec: json, exchange: 5 }],
  ] as const)('in JavaScript with a bad %s is INVALID_ARGUMENT: %j', async ([field, options]) => {
    const { channel } = await openWorkbench(getUrl());
    const declare = vi.spyOn(channel, 'declareQueue');
    const args: readonly unknown[] = [channel, options];
    await expect(Reflect.apply(RPC.create, RPC, args)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`: ${field} must be`),
    });
    expect(declare).not.toHaveBeenCalled();
  });

  test.for([undefined, null, 5, {}])(
    'on what is no channel is INVALID_ARGUMENT: %s',
    async (channel) => {
      const args: readonly unknown[] = [channel, { codec: json }];
      await expect(Reflect.apply(RPC.create, RPC, args)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('channel'),
      });
    },
  );
});

describeWithBroker('closing an RPC', (getUrl) => {
  test('ends the methods after the calls in hand, twice is harmless, the channel stays open', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const callee = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const started = createInbox<unknown>('a call');
    const hold = gate();
    const method = async (args: unknown) => {
      started.push(args);
      await hold.opened;
      return 'done';
    };
    await callee.rpc.register(name, method, AUTO);
    const call = rpc.call(name, {});
    await started.next();
    const closing = Promise.all([callee.rpc.close(), callee.rpc.close()]);
    hold.open();
    expect(await call).toBe('done');
    await deadline(closing, 5_000, 'closing');
    await callee.rpc.close();
    await expect(rpc.call(name)).rejects.toMatchObject({ code: 'UNROUTABLE' });
    await expect(callee.rpc.register(name, () => 1)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(callee.channel.status).toStrictEqual({ state: 'open' });
  });

  test('takes the queue for replies away', async () => {
    const { channel } = await openWorkbench(getUrl());
    const names = createInbox<string | undefined>('the queue for replies');
    const name = uniqueName('method');
    {
      await using rpc = await RPC.create(channel, { codec: json });
      await rpc.register(name, (_args, { message }) => names.push(message.replyTo), AUTO);
      await rpc.call(name);
    }
    const error = await reasonOf(channel.getQueue((await names.next()) ?? ''));
    expect(error).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describeWithBroker('callees of an exchange', (getUrl) => {
  test('answer calls to it, and no others', async () => {
    const exchange = uniqueName('exchange');
    const callee = await openWorkbench(getUrl(), { exchange });
    const { rpc } = await openWorkbench(getUrl(), { exchange });
    const outside = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await callee.rpc.register(name, () => 'inside', AUTO);
    expect(await rpc.call(name)).toBe('inside');
    await expect(outside.rpc.call(name)).rejects.toMatchObject({ code: 'UNROUTABLE' });
    expect(await outside.rpc.call(`${exchange}::${name}`)).toBe('inside');
  });

  test('may all leave: calls are UNROUTABLE then, and those in flight elsewhere go on', async () => {
    const exchange = uniqueName('exchange');
    const callee = await openWorkbench(getUrl(), { exchange });
    const { rpc, channel, events } = await openWorkbench(getUrl(), { exchange });
    const other = await RPC.create(channel, { codec: json });
    const [name, slow] = [uniqueName('method'), uniqueName('method')];
    const hold = gate();
    const started = createInbox<unknown>('the slow call');
    const { rpc: elsewhere } = await openWorkbench(getUrl());
    const method = async (args: unknown) => {
      started.push(args);
      await hold.opened;
      return 'slow';
    };
    await elsewhere.register(slow, method, AUTO);
    await callee.rpc.register(name, () => 'here', AUTO);
    expect(await rpc.call(name)).toBe('here');
    const inFlight = other.call(slow, {});
    await started.next();
    await callee.connection.close();
    await expect(rpc.call(name)).rejects.toMatchObject({ code: 'UNROUTABLE' });
    hold.open();
    expect(await inFlight).toBe('slow');
    expect(events.drain()).toMatchObject([{ type: 'returned' }]);
  });

  test('set up again where an exchange went while they came', async () => {
    const { channel } = await openWorkbench(getUrl());
    const declareQueue = channel.declareQueue.bind(channel);
    vi.spyOn(channel, 'declareQueue').mockImplementationOnce(async (...args) => {
      const queue = await declareQueue(...args);
      const gone = new LeveretError('NOT_FOUND', 'no exchange');
      vi.spyOn(queue, 'bind').mockRejectedValueOnce(gone);
      return queue;
    });
    const exchange = uniqueName('exchange');
    const rpc = await RPC.create(channel, { codec: json, exchange });
    await rpc.register('method', () => 1, AUTO);
    expect(await rpc.call('method')).toBe(1);
  });
});

describeWithBroker('a request that is no call', (getUrl) => {
  const CASES: readonly (readonly [string, string, Partial<OutgoingMessage>])[] = [
    ['whose body is broken', 'CODEC', { body: Buffer.from('{"a":') }],
    ['whose body is empty', 'CODEC', { body: Buffer.alloc(0) }],
    ['with an array for arguments', 'INVALID_MESSAGE', { body: Buffer.from('[1]') }],
    ['with null for arguments', 'INVALID_MESSAGE', { body: Buffer.from('null') }],
    ['with a text for arguments', 'INVALID_MESSAGE', { body: Buffer.from('"x"') }],
    ['that nobody reads', 'UNSUPPORTED_CONTENT_TYPE', { contentType: 'application/xml' }],
  ];

  test.for(CASES)(
    '%s is answered with %s and reported, and the callee goes on',
    async ([, code, properties]) => {
      const { rpc, channel, events } = await openWorkbench(getUrl());
      const { send, replies, replyTo } = await openBareCaller(channel);
      const name = uniqueName('method');
      const method = vi.fn(() => 'good');
      await rpc.register(name, method, AUTO);
      const messageId = uniqueName('request');
      await send(name, {
        body: Buffer.from('{}'),
        contentType: 'application/json',
        messageId,
        replyTo,
        correlationId: 'mine',
        ...properties,
      });
      const reply = await replies.next();
      expect(reply).toMatchObject({
        type: 'error',
        correlationId: 'mine',
        contentType: 'application/json',
      });
      expect(json.decode(reply.body)).toMatchObject({ error: { type: code } });
      expect(await events.next()).toMatchObject({
        type: 'message-rejected',
        queue: name,
        messageId,
        error: { code },
      });
      expect(method).not.toHaveBeenCalled();
      expect(await rpc.call(name)).toBe('good');
      expect(events.drain()).toStrictEqual([]);
    },
  );

  test('and that wants no answer is taken off the queue and reported', async () => {
    const { rpc, channel, events } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await rpc.register(name, () => 'good', { durable: false });
    await channel.defaultExchange.publish({ body: Buffer.from('no') }, name);
    expect(await events.next()).toMatchObject({ type: 'message-rejected', queue: name });
    expect(await rpc.call(name)).toBe('good');
    await rpc.unregister(name);
    expect(await (await channel.getQueue(name)).delete()).toBe(0);
  });
});

describeWithBroker('a call that wants no answer', (getUrl) => {
  test('is run and acknowledged', async () => {
    const { rpc, channel, connection } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const ran = createInbox<unknown>('the call');
    await rpc.register(name, (args) => ran.push(args), { durable: false });
    await channel.defaultExchange.publish({ body: json.encode({ a: 1 }) }, name);
    expect(await ran.next()).toStrictEqual({ a: 1 });
    await channel.close();
    const queue = await (await connection.channel()).getQueue(name);
    expect(await queue.delete()).toBe(0);
  });

  test('and that fails is reported and acknowledged', async () => {
    const { rpc, channel, connection, events } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const broken = new Error('broken');
    await rpc.register(name, () => Promise.reject(broken), { durable: false });
    await channel.defaultExchange.publish({ body: json.encode({}) }, name);
    expect(await events.next()).toMatchObject({
      type: 'handler-failed',
      queue: name,
      error: { code: 'HANDLER_FAILED', cause: broken },
    });
    await channel.close();
    const queue = await (await connection.channel()).getQueue(name);
    expect(await queue.delete()).toBe(0);
  });
});

describeWithBroker('a method that throws', (getUrl) => {
  test('is reported where it runs only if that was asked for, and its caller is told either way', async () => {
    const quiet = await openWorkbench(getUrl());
    const telling = await openWorkbench(getUrl(), { hostExceptions: true });
    const broken = new RangeError('broken');
    for (const { rpc } of [quiet, telling]) {
      const name = uniqueName('method');
      await rpc.register(name, () => Promise.reject(broken), { autoDelete: true });
      expect(await reasonOf(rpc.call(name))).toMatchObject({
        code: 'REMOTE_ERROR',
        args: ['broken'],
      });
    }
    expect(await eventOf(telling.events, 'handler-failed')).toMatchObject({
      error: { code: 'HANDLER_FAILED', cause: broken },
    });
    const name = uniqueName('method');
    await telling.rpc.register(name, () => 1, { autoDelete: true });
    const caller = await openBareCaller(telling.channel);
    await caller.send(name, { body: Buffer.from('{'), replyTo: caller.replyTo });
    await caller.replies.next();
    // What cannot be read was thrown by no method.
    const told = telling.events.drain().map(({ type }) => type);
    expect(told).toEqual(['message-rejected']);
    const types = Array.from({ length: quiet.events.size }, () => quiet.events.next());
    expect((await Promise.all(types)).map(({ type }) => type)).not.toContain('handler-failed');
  });
});

describeWithBroker('a result', (getUrl) => {
  test.for([
    ['a bigint', 1n],
    [
      'a circle',
      (() => {
        const circle: { self?: unknown } = {};
        circle.self = circle;
        return circle;
      })(),
    ],
    ['a function', () => 1],
  ] as const)(
    'that the codec cannot write, %s, fails the call with CODEC, and is reported',
    async ([, value]) => {
      const { rpc, events } = await openWorkbench(getUrl());
      const name = uniqueName('method');
      await rpc.register(name, () => value, AUTO);
      expect(await reasonOf(rpc.call(name, {}, { timeout: 5_000 }))).toMatchObject({
        code: 'REMOTE_ERROR',
        type: 'CODEC',
      });
      expect(await events.next()).toMatchObject({
        type: 'reply-failed',
        method: name,
        error: { code: 'CODEC' },
      });
    },
  );

  test('of 8 MiB reaches its caller', { timeout: 20_000 }, async () => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const text = 'x'.repeat(8 * 1024 * 1024);
    await rpc.register(name, () => text, AUTO);
    expect((await rpc.call(name)) === text).toBe(true);
  });

  test('that the broker refuses for its size fails the call, and costs the callee one channel at most', async () => {
    await using broker = await startBroker({ limits: { messageSize: 100_000 } });
    const callee = await openWorkbench<Sized>(broker.url);
    const { rpc } = await openWorkbench<Sized>(broker.url);
    const name = uniqueName('method');
    const runs = createInbox<number>('a run of the method');
    await callee.rpc.register(name, ({ size }) => {
      runs.push(size);
      return 'x'.repeat(size);
    });
    const large = { size: 100_000 };
    expect(await reasonOf(rpc.call(name, large))).toMatchObject({ type: 'PRECONDITION_FAILED' });
    expect(await runs.take(2)).toEqual([large.size, large.size]); // it was lost with its channel
    expect(await reasonOf(rpc.call(name, large))).toMatchObject({ type: 'PRECONDITION_FAILED' });
    expect(await rpc.call(name, { size: 1 })).toBe('x');
    expect(runs.drain()).toEqual([large.size, 1]);
    const closed = callee.events.drain().filter(({ type }) => type === 'channel-closed');
    expect(closed).toHaveLength(1);
  });

  test('larger than messages may be fails the call, and the callee goes on', async () => {
    const connection = { maxMessageSize: 100_000 };
    const callee = await openWorkbench(getUrl(), { connection });
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const results = ['x'.repeat(100_000), 'small'];
    await callee.rpc.register(name, () => results.shift(), AUTO);
    expect(await reasonOf(rpc.call(name))).toMatchObject({ type: 'INVALID_MESSAGE' });
    expect(await rpc.call(name)).toBe('small');
  });
});

import { startBroker } from '@leveret/broker';
import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import { type Codec, LeveretError, UnroutableError } from '@leveret/core';
import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test, vi } from 'vitest';
import { RemoteError } from './protocol.ts';
import { RPC } from './rpc.ts';
import type { CallContext } from './types.ts';
import { eventOf, gate, openFragile, openWorkbench, reasonOf } from './workbench.fixture.ts';

describeWithBroker('the outcome of a call', (getUrl) => {
  test.for([
    ['an object', { a: [1, { b: null }] }],
    ['an array', [1, 'two', null]],
    ['text', 'Grüße 🐇'],
    ['an empty text', ''],
    ['a number', -1.5],
    ['zero', 0],
    ['true', true],
    ['false', false],
    ['null', null],
  ] as const)('is the result: %s', async ([, value]) => {
    const { rpc } = await openWorkbench(getUrl());
    const callee = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await callee.rpc.register(name, () => value, { autoDelete: true });
    expect(await rpc.call(name)).toStrictEqual(value);
    expect(rpc.pending).toBe(0);
  });

  test('is null where the method gave nothing, as JSON has no undefined', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await rpc.register(name, async () => undefined, { autoDelete: true });
    expect(await rpc.call(name, {})).toBeNull();
  });

  test('is what the method made of the arguments, through the proxy as by name', async () => {
    type Api = { multiply(args: { x: number; y: number }): number };
    const { channel } = await openWorkbench(getUrl());
    const exchange = uniqueName('exchange');
    const rpc = await RPC.create<Api>(channel, { codec: jsonCodec(), exchange });
    await rpc.register('multiply', ({ x, y }) => x * y, { autoDelete: true });
    expect(await rpc.proxy.multiply({ x: 100, y: 7 })).toBe(700);
    expect(await rpc.call('multiply', { x: 6, y: 7 })).toBe(42);
  });

  test('is what the method threw, as a RemoteError', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const fail = () => {
      throw new RangeError('too far');
    };
    await rpc.register(name, fail, { autoDelete: true });
    const error = await reasonOf(rpc.call(name, {}));
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toBeInstanceOf(LeveretError);
    expect(error).toMatchObject({
      code: 'REMOTE_ERROR',
      type: 'RangeError',
      remoteMessage: 'too far',
      args: ['too far'],
      retryable: false,
    });
  });

  test.for([
    ['its own name', Object.assign(new Error('no'), { name: 'KeyError' }), 'KeyError'],
    ['the name of its class', new (class MissingKey extends Error {})('no'), 'MissingKey'],
    ['nothing but what it is', new Error('no'), 'Error'],
  ] as const)('has for its type of an error with %s', async ([, thrown, type]) => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await rpc.register(name, () => Promise.reject(thrown), { autoDelete: true });
    expect(await reasonOf(rpc.call(name))).toMatchObject({ code: 'REMOTE_ERROR', type });
  });

  test.for([
    ['a text', 'just text', 'just text'],
    ['undefined', undefined, 'undefined'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a bigint', 7n, '7'],
    ['an object', {}, '[object Object]'],
    [
      'an object without a prototype',
      Object.create(null),
      'the method threw something that has no text',
    ],
    [
      'an error whose message throws',
      Object.defineProperty(new Error(), 'message', {
        get: () => {
          throw new Error('no');
        },
      }),
      'the method threw something that has no text',
    ],
  ] as const)('is a RemoteError also where the method threw %s', async ([, thrown, message]) => {
    const { rpc, events } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const fail = vi.fn(() => {
      throw thrown;
    });
    await rpc.register(name, fail, { autoDelete: true });
    expect(await reasonOf(rpc.call(name, {}, { timeout: 5_000 }))).toMatchObject({
      code: 'REMOTE_ERROR',
      type: 'Error',
      remoteMessage: message,
      args: [],
    });
    expect(fail).toHaveBeenCalledTimes(1);
    expect(events.drain()).toStrictEqual([]);
  });

  test('is the code where the method threw one of our errors', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const fail = () => {
      throw new LeveretError('BLOCKED', 'no room');
    };
    await rpc.register(name, fail, { autoDelete: true });
    expect(await reasonOf(rpc.call(name, {}))).toMatchObject({ type: 'BLOCKED' });
  });

  test('is UNROUTABLE where nobody offers the method', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const error = await reasonOf(rpc.call(name, {}));
    expect(error).toBeInstanceOf(UnroutableError);
    expect(error).toMatchObject({ code: 'UNROUTABLE', returned: { routingKey: name } });
    expect(rpc.pending).toBe(0);
  });

  test('is UNROUTABLE also for a large request', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const text = 'x'.repeat(200_000);
    await expect(rpc.call(uniqueName('method'), { text })).rejects.toMatchObject({
      code: 'UNROUTABLE',
    });
  });

  test('is RPC_TIMEOUT where no reply comes in time; a reply after it is counted and told', async () => {
    const { rpc, events } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const hold = gate();
    await rpc.register(name, () => hold.opened, { autoDelete: true });
    const error = await reasonOf(rpc.call(name, {}, { timeout: 20 }));
    expect(error).toMatchObject({ code: 'RPC_TIMEOUT', retryable: true });
    expect(String(error)).toContain('within 20 ms');
    expect(rpc.pending).toBe(0);
    expect(rpc.lateReplies).toBe(0);
    hold.open();
    expect(await eventOf(events, 'late-reply')).toMatchObject({
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(rpc.lateReplies).toBe(1);
  });

  test('is RPC_TIMEOUT after the timeout of the RPC where the call has none', async () => {
    const { rpc } = await openWorkbench(getUrl(), { timeout: 20 });
    const name = uniqueName('method');
    const hold = gate();
    await rpc.register(name, () => hold.opened, { autoDelete: true });
    await expect(rpc.call(name, {})).rejects.toMatchObject({ code: 'RPC_TIMEOUT' });
    hold.open();
  });

  test('is RPC_TIMEOUT where the request expired before a callee took it', async () => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const never = vi.fn();
    await rpc.register(name, never, { durable: false });
    await rpc.unregister(name);
    const error = await reasonOf(rpc.call(name, {}, { expiration: 20, timeout: 20_000 }));
    expect(error).toMatchObject({ code: 'RPC_TIMEOUT' });
    expect(String(error)).toContain('expired in its queue');
    expect(await (await channel.getQueue(name)).delete()).toBe(0);
    expect(never).not.toHaveBeenCalled();
  });

  test('is ABORTED before anything is sent where the signal is aborted already', async () => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const publish = vi.spyOn(channel.defaultExchange, 'publish');
    const signal = AbortSignal.abort('enough');
    await expect(rpc.call(uniqueName('method'), {}, { signal })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: 'enough',
    });
    expect(publish).not.toHaveBeenCalled();
  });

  test('is ABORTED when the signal aborts while it waits', async () => {
    const { rpc, events } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const hold = gate();
    const started = createInbox<CallContext>('the call');
    const method = (_args: unknown, context: CallContext) => {
      started.push(context);
      return hold.opened;
    };
    await rpc.register(name, method, { autoDelete: true });
    const controller = new AbortController();
    const outcome = reasonOf(rpc.call(name, {}, { signal: controller.signal }));
    const { signal } = await started.next();
    controller.abort('enough');
    expect(await outcome).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(signal.aborted).toBe(false); // the callee is not told
    hold.open();
    await eventOf(events, 'late-reply');
  });

  test('a signal that outlives its calls keeps none of them', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await rpc.register(name, () => 1, { autoDelete: true });
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    for (const n of [1, 2, 3]) await rpc.call(name, { n }, { signal });
    expect(add).toHaveBeenCalledTimes(3);
    expect(remove.mock.calls.map(([, listener]) => listener)).toStrictEqual(
      add.mock.calls.map(([, listener]) => listener),
    );
  });

  test('is CONNECTION_LOST where the connection goes while it waits', async () => {
    const { rpc, proxy } = await openFragile(getUrl());
    const callee = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const started = createInbox<unknown>('a call');
    const hold = gate();
    const method = (args: unknown) => {
      started.push(args);
      return hold.opened;
    };
    await callee.rpc.register(name, method, { autoDelete: true });
    const outcomes = [1, 2, 3].map((n) => reasonOf(rpc.call(name, { n })));
    await started.take(3);
    proxy.cut({ reset: true });
    for (const outcome of outcomes)
      expect(await deadline(outcome, 5_000, 'the outcome')).toMatchObject({
        code: 'CONNECTION_LOST',
        retryable: true,
        cause: expect.any(LeveretError),
      });
    expect(rpc.pending).toBe(0);
    hold.open();
  });

  test.for(['rpc', 'channel', 'connection'] as const)(
    'is CLOSED by closing the %s',
    async (which) => {
      const bench = await openWorkbench(getUrl());
      const callee = await openWorkbench(getUrl());
      const name = uniqueName('method');
      const started = createInbox<unknown>('the call');
      const hold = gate();
      const method = (args: unknown) => {
        started.push(args);
        return hold.opened;
      };
      await callee.rpc.register(name, method, { autoDelete: true });
      const outcome = reasonOf(bench.rpc.call(name, {}));
      await started.next();
      await bench[which].close();
      expect(await deadline(outcome, 5_000, 'the outcome')).toMatchObject({ code: 'CLOSED' });
      await expect(bench.rpc.call(name, {})).rejects.toMatchObject({ code: 'CLOSED' });
      hold.open();
    },
  );
});

describeWithBroker('a call', (getUrl) => {
  test.for([
    ['an array', []],
    ['null', null],
    ['a text', 'x'],
    ['a number', 1],
    ['bytes', new Uint8Array(1)],
    ['a Date', new Date()],
  ] as const)('with %s for arguments is INVALID_MESSAGE, and nothing is sent', async ([, args]) => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const publish = vi.spyOn(channel.defaultExchange, 'publish');
    await expect(rpc.call(uniqueName('method'), args)).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      field: 'args',
    });
    expect(publish).not.toHaveBeenCalled();
  });

  test.for([
    ['without a name', '', {}],
    ['with a negative timeout', 'method', { timeout: -1 }],
    ['with a timeout that is no number', 'method', { timeout: Number.NaN }],
    ['with a timeout that no timer takes', 'method', { timeout: 2 ** 31 }],
  ] as const)('%s is INVALID_ARGUMENT', async ([, name, options]) => {
    const { rpc } = await openWorkbench(getUrl());
    await expect(rpc.call(name, {}, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(rpc.pending).toBe(0);
  });

  test.for([
    ['signal', { signal: new AbortController() }],
    ['signal', { signal: 'abort' }],
    ['signal', { signal: null }],
    ['signal', { signal: { aborted: false } }],
    ['headers', { headers: 'abc' }],
    ['headers', { headers: ['a'] }],
    ['headers', { headers: null }],
    ['headers', { headers: new Map([['a', 1]]) }],
    ['timeout', { timeout: '5' }],
    ['options', null],
    ['options', 5],
    ['options', []],
  ] as const)(
    'of JavaScript with a bad %s is refused, and nothing is sent: %j',
    async ([field, options]) => {
      const { rpc, channel } = await openWorkbench(getUrl());
      const publish = vi.spyOn(channel.defaultExchange, 'publish');
      const args: readonly unknown[] = [uniqueName('method'), {}, options];
      const code = field === 'headers' ? 'INVALID_MESSAGE' : 'INVALID_ARGUMENT';
      await expect(Reflect.apply(rpc.call, rpc, args)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(`${code}: ${field} must be`),
      });
      expect(publish).not.toHaveBeenCalled();
      expect(rpc.pending).toBe(0);
    },
  );

  test('whose request the broker refuses for its size is PRECONDITION_FAILED, the others CONNECTION_LOST', async () => {
    await using broker = await startBroker({ limits: { messageSize: 100_000 } });
    const { rpc, connection } = await openWorkbench(broker.url);
    const name = uniqueName('method');
    const hold = gate();
    await rpc.register(name, () => hold.opened, { autoDelete: true, prefetch: 10 });
    const codes = [{}, { text: 'x'.repeat(100_000) }].map((args) =>
      rpc.call(name, args, { timeout: 10_000 }).catch(({ code }) => code),
    );
    expect(await Promise.all(codes)).toEqual(['CONNECTION_LOST', 'PRECONDITION_FAILED']);
    hold.open();
    await connection.close();
  });

  test('whose options throw when they are read is INVALID_MESSAGE, and nothing is left of it', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const broken = (): never => {
      throw new RangeError('no');
    };
    for (const options of [
      { headers: Object.defineProperty({}, 'a', { get: broken, enumerable: true }) },
      Object.defineProperty({}, 'expiration', { get: broken }),
    ]) {
      await expect(rpc.call(uniqueName('method'), {}, options)).rejects.toMatchObject({
        code: 'INVALID_MESSAGE',
      });
    }
    expect(rpc.pending).toBe(0);
  });

  test('takes a signal of another realm', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await rpc.register(name, () => 1, { autoDelete: true });
    const { signal } = new AbortController();
    const foreign = {
      aborted: false,
      reason: undefined,
      onabort: null,
      throwIfAborted: () => {},
      dispatchEvent: () => false,
      addEventListener: signal.addEventListener.bind(signal),
      removeEventListener: signal.removeEventListener.bind(signal),
    };
    expect(await rpc.call(name, {}, { signal: foreign })).toBe(1);
  });

  test('with arguments that the codec cannot write is CODEC', async () => {
    const { rpc } = await openWorkbench(getUrl());
    await expect(rpc.call(uniqueName('method'), { n: 1n })).rejects.toMatchObject({
      code: 'CODEC',
    });
    expect(rpc.pending).toBe(0);
  });

  test('with an option that breaks a rule is INVALID_MESSAGE and names the field', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const outcome = rpc.call(uniqueName('method'), {}, { priority: 256 });
    await expect(outcome).rejects.toMatchObject({ code: 'INVALID_MESSAGE', field: 'priority' });
    expect(rpc.pending).toBe(0);
  });

  test.for([
    ['CLOSED', (bench: { rpc: RPC }) => bench.rpc.close()],
    ['ABORTED', (bench: { controller: AbortController }) => bench.controller.abort()],
  ] as const)('that becomes %s while it is encoded is never sent', async ([code, end]) => {
    const encoding = createInbox<(bytes: Uint8Array) => void>('arguments to encode');
    const json = jsonCodec();
    const slow: Codec = { ...json, encode: () => new Promise((resolve) => encoding.push(resolve)) };
    const { rpc, channel } = await openWorkbench(getUrl(), { codec: slow });
    const publish = vi.spyOn(channel.defaultExchange, 'publish');
    const controller = new AbortController();
    const { signal } = controller;
    const outcome = reasonOf(rpc.call(uniqueName('method'), {}, { signal, timeout: 20_000 }));
    const encoded = await encoding.next();
    await end({ rpc, controller });
    encoded(json.encode({}));
    expect(await deadline(outcome, 5_000, 'the outcome')).toMatchObject({ code });
    expect(publish).not.toHaveBeenCalled();
  });

  test('is registered before it is sent: a reply that outruns the publish is not lost', async () => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const callee = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await callee.rpc.register(name, () => 'fast', { autoDelete: true });
    const { defaultExchange } = channel;
    const publish = defaultExchange.publish.bind(defaultExchange);
    vi.spyOn(defaultExchange, 'publish').mockImplementationOnce((...args) => {
      publish(...args).catch(() => {});
      return new Promise(() => {}); // its own outcome never comes
    });
    expect(await deadline(rpc.call(name, {}), 5_000, 'the result')).toBe('fast');
  });

  test('a thousand at once get each their own result', { timeout: 20_000 }, async () => {
    const { rpc } = await openWorkbench(getUrl(), { codec: msgpackCodec() });
    const callees = [1, 2].map(() => openWorkbench(getUrl(), { codec: msgpackCodec() }));
    const name = uniqueName('method');
    const square = (args: unknown) => {
      const n = typeof args === 'object' && args !== null ? Reflect.get(args, 'n') : undefined;
      return n * n;
    };
    for (const callee of callees)
      await (await callee).rpc.register(name, square, { autoDelete: true });
    const numbers = Array.from({ length: 1000 }, (_, n) => n);
    const results = await Promise.all(numbers.map((n) => rpc.call(name, { n })));
    expect(results).toStrictEqual(numbers.map((n) => n * n));
    expect(rpc.pending).toBe(0);
    expect(rpc.lateReplies).toBe(0);
  });

  test('awaiting, printing and serialising the proxy calls nothing', async () => {
    const { rpc, channel } = await openWorkbench(getUrl());
    const publish = vi.spyOn(channel.defaultExchange, 'publish');
    for (const proxy of [rpc.proxy, rpc.proxy['math'], rpc.proxy['math']?.['add']]) {
      await proxy;
      await Promise.resolve(proxy);
      JSON.stringify({ proxy });
      vi.spyOn(console, 'log').mockImplementationOnce((value) => String(JSON.stringify(value)));
      console.log(proxy);
      expect(() => structuredClone(proxy)).toThrow();
    }
    expect(rpc.pending).toBe(0);
    expect(publish).not.toHaveBeenCalled();
    await reasonOf(rpc.call('then', {}, { timeout: 1 }));
    expect(publish).toHaveBeenCalledTimes(1);
  });

  test('through nested names of the proxy calls the dotted name', async () => {
    const { rpc } = await openWorkbench(getUrl());
    const prefix = uniqueName('method');
    await rpc.register(`${prefix}.math.add`, () => 3, { autoDelete: true });
    expect(await rpc.proxy[prefix]?.['math']?.['add']?.({ a: 1, b: 2 }, { timeout: 5_000 })).toBe(
      3,
    );
  });

  test('a timeout that no timer takes is refused when the RPC is made', async () => {
    const { channel } = await openWorkbench(getUrl());
    const codec = jsonCodec();
    for (const timeout of [-1, Number.NaN, 2 ** 31])
      await expect(RPC.create(channel, { codec, timeout })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
  });
});

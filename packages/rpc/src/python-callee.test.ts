import {
  deleteInTheEnd,
  describeWithBroker,
  EVERYTHING,
  hasAioPika,
  LARGE,
  PYTHON_TYPES,
  startPython,
  uniqueName,
} from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { RemoteError } from './protocol.ts';
import { READY, registered } from './python.fixture.ts';
import { eventOf, openFragile, openWorkbench, reasonOf } from './workbench.fixture.ts';

const MANY = 300;

describe.skipIf(!hasAioPika)('our caller', { timeout: 60_000 }, () => {
  describeWithBroker('that calls a JsonRPC callee in Python', (getUrl) => {
    test('gets a result of every type, and gives arguments of every type, or none', async () => {
      const { rpc } = await openWorkbench(getUrl());
      const name = uniqueName('echo');
      const python = startPython(
        getUrl(),
        registered(`
async def method(**kwargs):
    say({name: type(value).__name__ for name, value in kwargs.items()})
    return kwargs.get("value", kwargs)
`),
        [name],
      );
      expect(await python.said()).toBe(READY);
      expect(await rpc.call(name, EVERYTHING)).toStrictEqual(EVERYTHING);
      expect(await python.said()).toStrictEqual(PYTHON_TYPES);
      for (const value of Object.values(EVERYTHING))
        expect(await rpc.call(name, { value })).toStrictEqual(value);
      expect(await rpc.call(name)).toStrictEqual({});
      await python.finish();
    });

    test('gives and gets several MiB, by the proxy with a dotted name', async () => {
      const { rpc } = await openWorkbench(getUrl());
      const name = uniqueName('twice');
      const python = startPython(
        getUrl(),
        registered(`
async def method(*, text):
    return text * 2
`),
        [`text.${name}`],
      );
      expect(await python.said()).toBe(READY);
      expect(await rpc.proxy['text']?.[name]?.({ text: LARGE })).toBe(LARGE.repeat(2));
      await python.finish();
    });

    test(`has ${MANY} calls under way at once, and gets each its own result`, async () => {
      const { rpc } = await openWorkbench(getUrl());
      const name = uniqueName('square');
      const python = startPython(
        getUrl(),
        registered(`
started = []
everybody = asyncio.Event()
async def method(*, x):
    started.append(x)
    if len(started) == ${MANY}:
        everybody.set()
    await everybody.wait()
    return x ** 2
`),
        [name],
      );
      expect(await python.said()).toBe(READY);
      const numbers = Array.from({ length: MANY }, (_, x) => x);
      const results = await Promise.all(numbers.map((x) => rpc.call(name, { x })));
      expect(results).toStrictEqual(numbers.map((x) => x ** 2));
      expect(rpc.pending).toBe(0);
      await python.finish();
    });

    test('gets a RemoteError with type, repr and args of what the method raises', async () => {
      const { rpc } = await openWorkbench(getUrl());
      const name = uniqueName('fail');
      const python = startPython(
        getUrl(),
        registered(`
class OutOfStock(Exception):
    pass
async def method(*, how):
    if how == "builtin":
        raise ValueError("grün", 1, [None])
    if how == "own":
        raise OutOfStock()
    if how == "args":
        raise OutOfStock({1}, b"x")
    return 1 / 0
`),
        [name],
      );
      expect(await python.said()).toBe(READY);
      const builtin = await reasonOf(rpc.call(name, { how: 'builtin' }));
      expect(builtin).toBeInstanceOf(RemoteError);
      expect(builtin).toMatchObject({
        code: 'REMOTE_ERROR',
        type: 'ValueError',
        remoteMessage: "ValueError('grün', 1, [None])",
        args: ['grün', 1, [null]],
      });
      expect(await reasonOf(rpc.call(name, { how: 'own' }))).toMatchObject({
        type: 'OutOfStock',
        remoteMessage: 'OutOfStock()',
        args: [],
      });
      expect(await reasonOf(rpc.call(name, { how: 'args' }))).toMatchObject({
        args: ['{1}', "b'x'"],
      });
      expect(await reasonOf(rpc.call(name, { how: 'zero' }))).toMatchObject({
        type: 'ZeroDivisionError',
        remoteMessage: "ZeroDivisionError('division by zero')",
      });
      expect(await reasonOf(rpc.call(name))).toMatchObject({ type: 'TypeError' });
      expect(await reasonOf(rpc.call(name, { how: 1, more: 2 }))).toMatchObject({
        type: 'TypeError',
      });
      await python.finish();
    });

    test('gets the repr of a result that is no JSON, and CODEC for NaN and infinity', async () => {
      const { rpc } = await openWorkbench(getUrl());
      const name = uniqueName('odd');
      const python = startPython(
        getUrl(),
        registered(`
import datetime
async def method(*, what):
    return dict(bytes=b"x", set={1}, date=datetime.date(2024, 2, 29), tuple=(1, 2), nan=[float("nan")],
        infinity=float("inf"), keys={1: "one", None: "none"})[what]
`),
        [name],
      );
      expect(await python.said()).toBe(READY);
      const results = ['bytes', 'set', 'date', 'tuple', 'keys', 'nan', 'infinity'].map((what) =>
        reasonOf(rpc.call(name, { what })),
      );
      expect(await Promise.all(results)).toMatchObject([
        "b'x'",
        '{1}',
        'datetime.date(2024, 2, 29)',
        [1, 2],
        { 1: 'one', null: 'none' },
        { code: 'CODEC' },
        { code: 'CODEC' },
      ]);
      expect(await rpc.call(name, { what: 'tuple' })).toStrictEqual([1, 2]);
      await python.finish();
    });

    test('learns that nobody offers a method, that nobody took its call, or that no reply comes', async () => {
      const { rpc, channel, events } = await openWorkbench(getUrl());
      const name = uniqueName('slow');
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
asked = asyncio.Event()
async def never():
    await asyncio.Future()
async def late():
    await asked.wait()
async def ask():
    asked.set()
async def leave():
    pass
for method in (never, late, ask):
    await rpc.register(f"{args[0]}.{method.__name__}", method, durable=True, auto_delete=True)
await rpc.register(args[0], leave, durable=True)
say("${READY}")
await told_to_end()
await rpc.unregister(leave)
`,
        [name],
      );
      expect(await python.said()).toBe(READY);
      deleteInTheEnd(channel, name);
      const codes = [
        rpc.call(uniqueName('nobody')),
        rpc.call(`${name}.never`, {}, { timeout: 200 }),
        rpc.call(`${name}.late`, {}, { signal: AbortSignal.timeout(200) }),
      ].map(async (call) => Object(await reasonOf(call)).code);
      expect(await Promise.all(codes)).toStrictEqual(['UNROUTABLE', 'RPC_TIMEOUT', 'ABORTED']);
      await rpc.call(`${name}.ask`);
      await eventOf(events, 'late-reply');
      expect(rpc.lateReplies).toBe(1);
      await python.finish();
      const expired = await reasonOf(rpc.call(name, {}, { expiration: 50 }));
      expect(expired).toMatchObject({ code: 'RPC_TIMEOUT' });
      expect(String(expired)).toContain('expired in its queue');
    });

    test('calls again after its connection was cut; the call under way is CONNECTION_LOST', async () => {
      const { rpc, proxy } = await openFragile(getUrl());
      const name = uniqueName('method');
      const python = startPython(
        getUrl(),
        registered(`
async def method(*, wait=False):
    if wait:
        say("waits")
        await asyncio.Future()
    return "here"
`),
        [name],
      );
      expect(await python.said()).toBe(READY);
      expect(await rpc.call(name)).toBe('here');
      const lost = reasonOf(rpc.call(name, { wait: true }));
      expect(await python.said()).toBe('waits');
      await proxy.cut();
      expect(await lost).toMatchObject({ code: 'CONNECTION_LOST' });
      expect(await rpc.call(name)).toBe('here');
      await python.finish();
    });
  });
});

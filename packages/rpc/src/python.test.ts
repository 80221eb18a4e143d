import { describeWithBroker, hasAioPika, startPython, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { RemoteError } from './protocol.ts';
import { openWorkbench, reasonOf } from './workbench.fixture.ts';

const WAIT = 15_000;

test.runIf(process.env['LEVERET_REQUIRE_ALL'] === '1')('the Python library is installed', () => {
  expect(hasAioPika).toBe(true);
});

if (!hasAioPika)
  console.log('Tests with aio-pika are skipped: install python3-aio-pika to run them.');

describe.skipIf(!hasAioPika)('calls shared with aio-pika', { timeout: 60_000 }, () => {
  describeWithBroker('on one broker', (getUrl) => {
    test('a JsonRPC caller in Python calls our callee: results, errors, expired calls', async () => {
      type Api = { [name: string]: (args: { x: number; y: number }) => number };
      const { rpc, channel } = await openWorkbench<Api>(getUrl());
      const [multiply, fail, nobody] = ['multiply', 'fail', 'nobody'].map(uniqueName);
      const args = [multiply ?? '', fail ?? '', nobody ?? ''] as const;
      await rpc.register(args[0], ({ x, y }) => x * y, { autoDelete: true });
      const broken = () => {
        throw new RangeError('too far');
      };
      await rpc.register(args[1], broken, { autoDelete: true });
      await rpc.register(args[2], () => 0, { durable: false });
      await rpc.unregister(args[2]);
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
say(await rpc.call(args[0], dict(x=100, y=7)))
try:
    await rpc.call(args[1], dict(x=1, y=2))
except JsonRPCError as error:
    say(error.args[1])
try:
    await rpc.call(args[2], dict(x=1, y=2), expiration=0.05)
except asyncio.TimeoutError:
    say("expired")
`,
        args,
      );
      const lines = await python.lines.take(3, WAIT);
      expect(lines.map((line) => JSON.parse(line))).toStrictEqual([
        700,
        { error: { type: 'RangeError', message: 'too far', args: ['too far'] } },
        'expired',
      ]);
      await python.finish();
      await (await channel.getQueue(args[2])).delete();
    });

    test('our caller calls a JsonRPC callee in Python: results, errors, expired calls', async () => {
      const { rpc, channel } = await openWorkbench(getUrl());
      const name = uniqueName('method');
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
async def divide(*, x, y):
    if y == 1:
        raise ValueError("one", 1)
    return dict(result=x / y, text="Grüße 🐇", nothing=None)
await rpc.register(args[0], divide)
say("ready")
await told_to_end()
await rpc.unregister(divide)
`,
        [name],
      );
      expect(await python.lines.next(WAIT)).toBe('"ready"');
      expect(await rpc.call(name, { x: 3, y: 2 })).toStrictEqual({
        result: 1.5,
        text: 'Grüße 🐇',
        nothing: null,
      });
      const failed = await reasonOf(rpc.call(name, { x: 1, y: 1 }));
      expect(failed).toBeInstanceOf(RemoteError);
      expect(failed).toMatchObject({ type: 'ValueError', args: ['one', 1] });
      expect(await reasonOf(rpc.call(name, { x: 1, y: 0 }))).toMatchObject({
        type: 'ZeroDivisionError',
        remoteMessage: "ZeroDivisionError('division by zero')",
      });
      expect(await reasonOf(rpc.call(name, { z: 1 }))).toMatchObject({ type: 'TypeError' });
      await python.finish();
      const expired = await reasonOf(
        rpc.call(name, { x: 1, y: 1 }, { expiration: 50, timeout: WAIT }),
      );
      expect(expired).toMatchObject({ code: 'RPC_TIMEOUT' });
      expect(String(expired)).toContain('expired in its queue');
      await (await channel.getQueue(name)).delete();
    });

    test('a callee here and one in Python serve one method, declared with the same flags', async () => {
      const { rpc } = await openWorkbench(getUrl());
      const callee = await openWorkbench(getUrl());
      const name = uniqueName('method');
      const options = { durable: false, prefetch: 1 };
      await callee.rpc.register(name, () => 'here', options);
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
async def where():
    return "python"
await rpc.register(args[0], where)
say("ready")
await told_to_end()
`,
        [name],
      );
      expect(await python.lines.next(WAIT)).toBe('"ready"');
      const answers = await Promise.all(Array.from({ length: 20 }, () => rpc.call(name)));
      expect(new Set(answers)).toStrictEqual(new Set(['here', 'python']));
      await python.finish();
      await callee.rpc.close();
      await (await callee.channel.getQueue(name)).delete();
    });
  });
});

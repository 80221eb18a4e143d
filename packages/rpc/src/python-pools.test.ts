import {
  deleteInTheEnd,
  describeWithBroker,
  hasAioPika,
  startPython,
  uniqueName,
} from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { READY, registered } from './python.fixture.ts';
import { openWorkbench, reasonOf } from './workbench.fixture.ts';

const MANY = 60;

// Says that it was called, and never answers.
const HANGING = registered(
  `
async def method(**kwargs):
    say("called")
    await asyncio.Future()
`,
  'durable=True',
);

describe.skipIf(!hasAioPika)('callees in Python and here', { timeout: 60_000 }, () => {
  describeWithBroker('of one method', (getUrl) => {
    test('each serve calls from both, and every call gets one answer', async () => {
      const { rpc } = await openWorkbench(getUrl());
      const callee = await openWorkbench(getUrl());
      const [name, callAll] = [uniqueName('where'), uniqueName('call-all')];
      let itsTurn: Promise<unknown> = Promise.resolve();
      const handler = async (args: unknown): Promise<unknown> => {
        await itsTurn; // else the faster of the two might serve all
        return [Object(args).x, 'here'];
      };
      await callee.rpc.register(name, handler, { autoDelete: true, prefetch: 1 });
      const python = startPython(
        getUrl(),
        `
await channel.set_qos(prefetch_count=1)
rpc = await JsonRPC.create(channel)
served = set()
async def where(*, x, by):
    if by not in served:
        served.add(by)
        say(by)
    return [x, "in Python"]
async def call_all():
    return await asyncio.gather(*(rpc.call(args[0], dict(x=x, by="Python")) for x in range(${MANY})))
await rpc.register(args[0], where, durable=True, auto_delete=True)
await rpc.register(args[1], call_all, auto_delete=True)
say("${READY}")
await told_to_end()
`,
        [name, callAll],
      );
      expect(await python.said()).toBe(READY);
      const numbers = Array.from({ length: MANY }, (_, x) => x);
      const fromHere = () => Promise.all(numbers.map((x) => rpc.call(name, { x, by: 'us' })));
      for (const callers of [fromHere, () => rpc.call(callAll)]) {
        itsTurn = python.said(); // once it has served one of them
        const answers = new Map(Object(await callers()));
        expect([...answers.keys()]).toStrictEqual(numbers);
        expect(new Set(answers.values())).toStrictEqual(new Set(['here', 'in Python']));
      }
      expect(rpc.lateReplies).toBe(0);
      await python.finish();
    });

    test('take over the calls of one in Python that is killed', async () => {
      const { rpc, channel } = await openWorkbench(getUrl());
      const callee = await openWorkbench(getUrl());
      const name = uniqueName('method');
      const python = startPython(getUrl(), HANGING, [name]);
      expect(await python.said()).toBe(READY);
      deleteInTheEnd(channel, name);
      const call = rpc.call(name, { x: 1 });
      expect(await python.said()).toBe('called');
      await callee.rpc.register(name, (args, { redelivered }) => ({ args, redelivered }));
      await python.kill();
      expect(await call).toStrictEqual({ args: { x: 1 }, redelivered: true });
    });

    test('leave a call without an answer where the only one is killed: RPC_TIMEOUT', async () => {
      const { rpc, channel } = await openWorkbench(getUrl());
      const name = uniqueName('method');
      const python = startPython(getUrl(), HANGING, [name]);
      expect(await python.said()).toBe(READY);
      deleteInTheEnd(channel, name);
      const expires = reasonOf(rpc.call(name, {}, { expiration: 2_000 }));
      const waits = reasonOf(rpc.call(name, {}, { timeout: 2_000 }));
      expect(await python.saidAll(2)).toStrictEqual(['called', 'called']);
      await python.kill();
      expect(String(await waits)).toContain('no reply');
      expect(String(await expires)).toContain('expired in its queue');
      expect([await waits, await expires]).toMatchObject([
        { code: 'RPC_TIMEOUT' },
        { code: 'RPC_TIMEOUT' },
      ]);
    });
  });
});

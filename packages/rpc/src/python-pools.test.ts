import { EventEmitter, once } from 'node:events';
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
      const name = uniqueName('where');
      const fromPython = new EventEmitter();
      const itsTurn = once(fromPython, 'answer');
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
async def where(*, x):
    return [x, "in Python"]
await rpc.register(args[0], where, durable=True, auto_delete=True)
say("${READY}")
say(await asyncio.gather(*(rpc.call(args[0], dict(x=x)) for x in range(${MANY}))))
await told_to_end()
`,
        [name],
      );
      expect(await python.said()).toBe(READY);
      const numbers = Array.from({ length: MANY }, (_, x) => x);
      const callHere = async (x: number): Promise<unknown> => {
        const answer = await rpc.call(name, { x });
        if (Object(answer)[1] === 'in Python') fromPython.emit('answer');
        return answer;
      };
      const ours = await Promise.all(numbers.map(callHere));
      const answers = [ours, await python.said()].map((each) => new Map(Object(each)));
      for (const each of answers) expect([...each.keys()]).toStrictEqual(numbers);
      const servedBy = new Set(answers.flatMap((each) => [...each.values()]));
      expect(servedBy).toStrictEqual(new Set(['here', 'in Python']));
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

import { jsonCodec } from '@leveret/codec-json';
import { type Connection, connect } from '@leveret/core';
import { Master } from '@leveret/master';
import { RPC } from '@leveret/rpc';
import { AT_ONCE, type Scenario } from './budget.ts';

type Tasks = { counted: { task_id: number } };
type Api = { multiply(args: { x: number; y: number }): number };

const codec = jsonCodec();

/** A scenario, set up: does `count` operations each time that it is called. */
export type Run = (count: number) => Promise<void>;

/** Sets a scenario up on connections of its own. */
export async function setUp(
  scenario: Scenario,
  url: string,
): Promise<{ readonly run: Run } & AsyncDisposable> {
  const connections = [await connect(url), await connect(url)] as const;
  return {
    run: await runs[scenario](...connections),
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) await connection.close();
    },
  };
}

const runs: Readonly<Record<Scenario, (a: Connection, b: Connection) => Promise<Run>>> = {
  'create tasks': async (connection) => {
    const master = await masterOn(connection);
    return (count) => inBursts(count, (task_id) => master.createTask('counted', { task_id }));
  },

  'work off tasks': async (creating, working) => {
    const master = await masterOn(creating);
    let left = 0;
    let done = (): void => {};
    const worker = await (await masterOn(working)).createWorker(
      'counted',
      () => {
        if (--left === 0) done();
      },
      { prefetch: AT_ONCE },
    );
    await worker.pause();
    return async (count) => {
      left = count;
      const worked = new Promise<void>((resolve) => {
        done = resolve;
      });
      await inBursts(count, (task_id) => master.createTask('counted', { task_id }));
      await worker.resume();
      await worked;
      await worker.pause();
    };
  },

  'make calls': async (calling, answering) => {
    const callee = await RPC.create<Api>(await answering.channel(), { codec });
    await callee.register('multiply', ({ x, y }) => x * y, { prefetch: AT_ONCE });
    const caller = await RPC.create<Api>(await calling.channel(), { codec });
    return (count) => inBursts(count, (x) => caller.call('multiply', { x, y: 7 }));
  },
};

async function masterOn(connection: Connection): Promise<Master<Tasks>> {
  const master = new Master<Tasks>(await connection.channel(), { codec });
  await master.createQueue('counted');
  return master;
}

/** Does so many, {@link AT_ONCE} at a time, and waits for each burst: then they are merged the same way on every machine. */
async function inBursts(count: number, once: (index: number) => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => once(done + index)));
}

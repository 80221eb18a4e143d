// The process that works tasks off and answers calls: `node worker.js <plan as JSON>`.
import { jsonCodec } from '@leveret/codec-json';
import { Master } from '@leveret/master';
import { RPC } from '@leveret/rpc';
import { WHAT } from '../protocol.ts';
import { type Client, type ClientTools, runClient } from './client.ts';
import { isWhole, type Payload } from './payload.ts';

const PREFETCH = 500;

type Tasks = Record<string, Payload>;
type Api = Record<string, (args: { x: number; y: number }) => number>;

await runClient(async ({ plan, reporter, connect }: ClientTools): Promise<Client> => {
  const codec = jsonCodec();
  const queue = plan.quorum ? { arguments: { 'x-queue-type': 'quorum' } } : {};
  const working = await connect('delivery');
  const answering = await connect('callee');
  const master = new Master<Tasks>(await working.channel(), { codec });
  const rpc = await RPC.create<Api>(await answering.channel(), { codec });

  const worker = await master.createWorker(
    plan.task,
    (task, { redelivered }) => {
      const { n } = task;
      reporter.note(WHAT.taskDelivered, n, redelivered ? 1 : 0);
      if (!isWhole(task)) reporter.problem(`task ${n} arrived damaged`);
      reporter.note(WHAT.taskHandled, n);
      return plan.mortal ? reporter.written() : undefined;
    },
    { ...queue, prefetch: PREFETCH },
  );
  let closing = false;
  void worker.ended.then((error) => {
    if (!closing) reporter.problem(`the worker has ended: ${error}`);
  });
  const multiply = ({ x, y }: { x: number; y: number }): number => {
    reporter.note(WHAT.callExecuted, x);
    return x * y;
  };
  await rpc.register(plan.method, multiply, { ...queue, prefetch: PREFETCH });

  return {
    start: () => {},
    pause: () => {},
    resume: () => {},
    finish: () => {},
    close: async () => {
      closing = true;
      await Promise.all([worker.close(), rpc.close()]);
      await Promise.all([working.close(), answering.close()]);
    },
  };
});

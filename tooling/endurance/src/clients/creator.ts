// The process that creates tasks and makes calls: `node creator.js <plan as JSON>`.
import { setTimeout as pause } from 'node:timers/promises';
import { jsonCodec } from '@leveret/codec-json';
import { LeveretError } from '@leveret/core';
import { Master } from '@leveret/master';
import { RPC } from '@leveret/rpc';
import { outcomeNumber, outcomeOf, RESULT, WRONG_RESULT } from '../outcomes.ts';
import { WHAT } from '../protocol.ts';
import { type Client, type ClientTools, runClient } from './client.ts';
import { Lanes } from './lanes.ts';
import { FACTOR, type Payload, payload } from './payload.ts';
import type { Reporter } from './reporter.ts';

const TASKS_IN_FLIGHT = 2_000;
const CALLS_IN_FLIGHT = 100;
/** One call for so many tasks, where neither has a number of its own. */
const TASKS_PER_CALL = 10;
/** Milliseconds before a refused task is created again. */
const RETRY_AFTER = 100;

type Tasks = Record<string, Payload>;
type Api = Record<string, (args: { x: number; y: number }) => number>;

await runClient(async ({ plan, reporter, connect }: ClientTools): Promise<Client> => {
  const codec = jsonCodec();
  const sending = await connect('confirm');
  const calling = await connect('caller');
  const master = new Master<Tasks>(await sending.channel(), { codec });
  const rpc = await RPC.create<Api>(await calling.channel(), { codec });

  const tasks = new Lanes({
    width: TASKS_IN_FLIGHT,
    total: plan.tasks ?? Number.POSITIVE_INFINITY,
    work: (n) => createTask(master, plan.task, n, reporter),
    ended,
  });
  const perCall = plan.tasks && plan.calls ? plan.tasks / plan.calls : TASKS_PER_CALL;
  const calls = new Lanes({
    width: CALLS_IN_FLIGHT,
    total: plan.calls ?? Number.POSITIVE_INFINITY,
    // They keep step with the tasks, so that both are there for every fault.
    mayStart: (n) => tasks.complete || n * perCall <= tasks.done,
    work: (n) => makeCall(rpc, plan.method, n, reporter),
    ended,
  });
  const both = [tasks, calls];
  let told = true;

  function ended(): void {
    for (const lanes of both) lanes.go();
    if (told || !both.every((lanes) => lanes.idle)) return;
    told = true;
    reporter.send({ kind: 'idle' });
  }
  const start = (): void => {
    told = false;
    for (const lanes of both) lanes.start();
  };
  const rest = (): void => {
    for (const lanes of both) lanes.pause();
    told = false;
    ended();
  };

  return {
    start,
    pause: rest,
    resume: start,
    finish: rest,
    close: async () => {
      await rpc.close();
      await Promise.all([sending.close(), calling.close()]);
      if (rpc.pending > 0) reporter.problem(`${rpc.pending} calls wait after close()`);
    },
  };
});

/** Creates a task until the broker has it, always under the same identity. */
async function createTask(
  master: Master<Tasks>,
  name: string,
  n: number,
  reporter: Reporter,
): Promise<void> {
  const body = payload(n);
  reporter.note(WHAT.taskCreated, n);
  for (;;) {
    try {
      await master.createTask(name, body, { messageId: String(n) });
      return reporter.note(WHAT.taskConfirmed, n);
    } catch (error) {
      const outcome = outcomeNumber(outcomeOf(error));
      const again = error instanceof LeveretError && error.retryable;
      reporter.note(again ? WHAT.taskRetried : WHAT.taskRefused, n, outcome);
      if (!again) return reporter.problem(`task ${n} was refused for good: ${error}`);
      await pause(RETRY_AFTER);
    }
  }
}

/** Makes a call, once. */
async function makeCall(
  rpc: RPC<Api>,
  method: string,
  x: number,
  reporter: Reporter,
): Promise<void> {
  reporter.note(WHAT.callCreated, x);
  const outcome = await rpc
    .call(method, { x, y: FACTOR })
    .then((result) => (result === x * FACTOR ? RESULT : WRONG_RESULT), outcomeOf);
  reporter.note(WHAT.callSettled, x, outcomeNumber(outcome));
}

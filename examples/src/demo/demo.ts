import { randomUUID } from 'node:crypto';
import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import { type Connection, connect } from '@leveret/core';
import { chooseBroker } from './broker.ts';
import { type CallSummary, runCalls } from './calls.ts';
import { type DemoProcess, Processes } from './processes.ts';
import { summary } from './summary.ts';
import { declareTasks, runTasks, type TaskSummary } from './tasks.ts';

const WORKERS = 3;
const CALLEES = 2;

interface Team {
  readonly workers: readonly DemoProcess[];
  readonly callees: readonly DemoProcess[];
}

/** Runs the demo. `stopped` rejects when it is to stop early; whatever was started has ended or ends with us. */
export async function demo(stopped: Promise<never>): Promise<void> {
  const began = performance.now();
  const choice = chooseBroker();
  await using processes = new Processes();
  const early = Promise.race([stopped, processes.failure]);
  early.catch(() => {}); // looked at wherever the demo waits
  const orEarly = <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, early]);

  console.log(`${choice.title}, with ${WORKERS} workers and ${CALLEES} callees`);
  const team = {
    workers: processes.fork('worker', './worker.js', WORKERS),
    callees: processes.fork('callee', './callee.js', CALLEES),
  };
  await using broker = await orEarly(choice.open());
  await using connection = await orEarly(open(broker.url));
  const report = await orEarly(play(connection, broker.url, team, began));
  await orEarly(processes.stop());
  console.log(report);
}

function open(url: string): Promise<Connection> {
  return connect(url, { name: 'leveret demo', connectTimeout: 5_000, closeTimeout: 2_000 });
}

async function play(
  connection: Connection,
  url: string,
  { workers, callees }: Team,
  began: number,
): Promise<string> {
  const run = randomUUID();
  await declareTasks(connection, run);
  await Promise.all([...workers, ...callees].map((each) => each.start(url, run)));
  console.log(`Ready after ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  const tasks: TaskSummary = await runTasks(connection, run, workers);
  const calls: readonly CallSummary[] = [
    await runCalls(connection, run, 'JSON', jsonCodec()),
    await runCalls(connection, run, 'MessagePack', msgpackCodec()),
  ];
  return summary(tasks, calls);
}

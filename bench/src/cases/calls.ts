import type { NodePeer } from '../peers/peer.ts';
import { inParallel } from '../run/lanes.ts';
import { measureEach, type RunResult } from '../run/measure.ts';
import { checkResult, multiply, textOf } from '../work.ts';
import { type Case, LONG } from './case.ts';
import { type Job, type LoadOf, queueOf } from './load.ts';
import { need } from './need.ts';

const KIB = 1024;
const call = { kind: 'call', methods: 1, size: 0 } as const;

export const CALLS: readonly Case[] = [
  {
    name: 'calls-1',
    title: 'a call and its reply, one at a time',
    operations: 4_000,
    warmUp: LONG,
    load: { ...call, inFlight: 1 },
  },
  {
    name: 'calls-100',
    title: 'a call and its reply, 100 in flight',
    operations: 12_000,
    load: { ...call, inFlight: 100 },
  },
  {
    name: 'calls-64k',
    title: 'a call and its reply of 64 KiB each, 10 in flight',
    operations: 2_000,
    warmUp: LONG,
    load: { ...call, inFlight: 10, size: 64 * KIB },
  },
];

/** Caller and callee are in one process, on two connections. */
export async function runCalls(peer: NodePeer, job: Job<LoadOf<'call'>>): Promise<RunResult> {
  const { url, queues, load, operations, warmUp } = job;
  const { inFlight, size } = load;
  const at = { url, format: 'json' } as const;
  const callee = need(peer.callee, 'callee');
  const caller = need(peer.caller, 'caller');
  await callee(at, queues, inFlight, multiply);
  const make = await caller(at, queues);
  const text = textOf(size);
  const operation = async (x: number): Promise<void> => {
    const args = { x, y: 7, text };
    checkResult(await make(queues[x % queues.length] ?? queueOf(job), args), args);
  };
  await inParallel(warmUp, inFlight, operation);
  return await measureEach(operations, (timed) =>
    inParallel(operations, inFlight, timed(operation)),
  );
}

// What waits takes memory: calls without a reply, queues that are consumed.
import { setTimeout as pause } from 'node:timers/promises';
import type { NodePeer } from '../peers/peer.ts';
import type { RunResult } from '../run/measure.ts';
import type { Case } from './case.ts';
import { type Job, type LoadOf, queueOf } from './load.ts';
import { need } from './need.ts';

export const MEMORY: readonly Case[] = [
  {
    name: 'pending',
    title: '10,000 calls that wait for a reply',
    operations: 1,
    load: { kind: 'pending', calls: 10_000 },
  },
  {
    name: 'queues',
    title: '1,000 queues that are consumed, over one connection',
    operations: 1,
    load: { kind: 'queues', queues: 1_000 },
  },
];

/** The callee takes one call and never answers; the others wait in its queue. */
export async function runPending(peer: NodePeer, job: Job<LoadOf<'pending'>>): Promise<RunResult> {
  const at = { url: job.url, format: 'json' } as const;
  await need(peer.callee, 'callee')(at, job.queues, 1, () => new Promise(() => {}));
  const call = await need(peer.caller, 'caller')(at, job.queues);
  return await growth(async () => {
    for (let x = 0; x < job.load.calls; x++) void call(queueOf(job), { x, y: 7, text: '' });
    await pause(3_000); // all of them have left
  });
}

export async function runQueues(peer: NodePeer, job: Job<LoadOf<'queues'>>): Promise<RunResult> {
  const consumer = need(peer.consumer, 'consumer');
  return await growth(async () => {
    await consumer({ url: job.url, format: 'json' }, job.queues, 10, () => {});
    await pause(500);
  });
}

/** Memory that is in use after `work` and was not before. */
async function growth(work: () => Promise<void>): Promise<RunResult> {
  const before = await used();
  const began = performance.now();
  await work();
  const duration = performance.now() - began;
  const after = await used();
  return {
    operations: 1,
    values: {
      duration,
      heap: after.heap - before.heap,
      resident: after.resident - before.resident,
    },
  };
}

async function used(): Promise<{ readonly heap: number; readonly resident: number }> {
  if (!globalThis.gc) throw new Error('this case needs node --expose-gc');
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await pause(20);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, resident: rss };
}

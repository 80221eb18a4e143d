// What a library costs when it starts, when it has nothing to do, and when its connection is cut.
import { setTimeout as pause } from 'node:timers/promises';
import type { NodePeer } from '../peers/peer.ts';
import { peakMemory, type RunResult, startClock } from '../run/measure.ts';
import { now, taskOf } from '../work.ts';
import type { Case } from './case.ts';
import { type Job, type LoadOf, queueOf } from './load.ts';
import { need } from './need.ts';

export const LIFE: readonly Case[] = [
  {
    name: 'reconnect',
    title: 'from the cut of a connection to the first task that is delivered after it',
    operations: 1,
    load: { kind: 'reconnect' },
  },
  {
    name: 'start-up',
    title: 'a process that loads the library, connects, publishes a task and is delivered it',
    operations: 1,
    load: { kind: 'start-up' },
  },
  {
    name: 'idle',
    title: 'a publisher and a consumer with nothing to do',
    operations: 1,
    load: { kind: 'idle', seconds: 4 },
  },
];

/** A publisher, and a consumer that tells of each task. */
async function openBoth(
  peer: NodePeer,
  job: Job,
  consumerUrl: string,
): Promise<{ deliver(task_id: number): Promise<void> }> {
  const queue = queueOf(job);
  const awaited = new Map<number, () => void>();
  const consumer = need(peer.consumer, 'consumer');
  await consumer({ url: consumerUrl, format: 'json' }, [queue], 10, (body) =>
    awaited.get(taskOf(body).task_id)?.(),
  );
  const publish = await need(peer.publisher, 'publisher')({ url: job.url, format: 'json' }, queue);
  return {
    deliver: async (task_id) => {
      const delivered = new Promise<void>((resolve) => awaited.set(task_id, resolve));
      await publish({ task_id, at: now(), text: '' });
      await delivered;
    },
  };
}

export async function runReconnect(peer: NodePeer, job: Job): Promise<RunResult> {
  const { startTcpProxy } = await import('@leveret/testkit');
  const { hostname: host, port } = new URL(job.url);
  const proxy = await startTcpProxy({ host, port: Number(port || 5672) });
  const { deliver } = await openBoth(peer, job, proxy.url(job.url));
  await deliver(0);
  await pause(100);
  const read = startClock();
  proxy.cut({ reset: true });
  await deliver(1);
  return { operations: 1, values: read() };
}

export async function runStartUp(peer: NodePeer, job: Job): Promise<RunResult> {
  const read = startClock();
  const { deliver } = await openBoth(peer, job, job.url);
  await deliver(0);
  const { duration } = read();
  const total = performance.now(); // since this process began
  return {
    operations: 1,
    values: { imported: job.imported, duration, total, memory: peakMemory() },
  };
}

export async function runIdle(peer: NodePeer, job: Job<LoadOf<'idle'>>): Promise<RunResult> {
  const { deliver } = await openBoth(peer, job, job.url);
  await deliver(0);
  await pause(1_000);
  const read = startClock();
  await pause(job.load.seconds * 1_000);
  return { operations: 1, values: { ...read(), memory: peakMemory() } };
}

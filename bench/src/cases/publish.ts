import type { NodePeer } from '../peers/peer.ts';
import { inParallel } from '../run/lanes.ts';
import { measureEach, type RunResult } from '../run/measure.ts';
import { now, textOf } from '../work.ts';
import type { Case } from './case.ts';
import { type Job, type LoadOf, queueOf } from './load.ts';
import { need } from './need.ts';

export const PUBLISH: readonly Case[] = [
  {
    name: 'publish',
    title: 'a task published and confirmed, 500 in flight',
    operations: 20_000,
    load: { kind: 'publish', inFlight: 500, size: 0 },
  },
  {
    name: 'publish-1m',
    title: 'a task of 1 MiB published and confirmed, 10 in flight',
    operations: 100,
    load: { kind: 'publish', inFlight: 10, size: 1024 * 1024 },
  },
];

export async function runPublish(peer: NodePeer, job: Job<LoadOf<'publish'>>): Promise<RunResult> {
  const { url, load, operations, warmUp } = job;
  const { inFlight, size } = load;
  const publisher = need(peer.publisher, 'publisher');
  const publish = await publisher({ url, format: 'json' }, queueOf(job));
  const text = textOf(size);
  const operation = (task_id: number): Promise<void> => publish({ task_id, at: now(), text });
  await inParallel(warmUp, inFlight, operation);
  return await measureEach(operations, (timed) =>
    inParallel(operations, inFlight, timed(operation)),
  );
}

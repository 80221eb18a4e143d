import type { Format } from '../formats.ts';
import type { NodePeer } from '../peers/peer.ts';
import { inParallel } from '../run/lanes.ts';
import { peakMemory, type RunResult, startClock } from '../run/measure.ts';
import { startWorker, type WorkerJob, type WorkerReport } from '../run/start-worker.ts';
import { now, textOf } from '../work.ts';
import type { Case } from './case.ts';
import { type Job, type LoadOf, queueOf } from './load.ts';
import { need } from './need.ts';

const tasks = { kind: 'tasks', inFlight: 500, prefetch: 100, size: 0, format: 'json' } as const;

/** From the publisher to the handler, with workers in processes of their own. */
export const TASKS: readonly Case[] = [1, 2, 4].map((workers) => ({
  name: `tasks-${workers}`,
  title: `a task from its creation to the end of its handler, ${workers} worker process${workers === 1 ? '' : 'es'}`,
  operations: 15_000,
  load: { ...tasks, workers },
}));

export const LARGE_TASKS: readonly Case[] = [
  {
    name: 'tasks-1m',
    title: 'a task of 1 MiB from its creation to the end of its handler, 10 in flight',
    operations: 100,
    load: { ...tasks, workers: 1, inFlight: 10, prefetch: 10, size: 1024 * 1024 },
  },
];

const TITLES: Readonly<Record<Format, string>> = {
  json: 'JSON',
  msgpack: 'MessagePack',
  gzip: 'zipped JSON',
};

/** The same in each format. */
export const FORMAT_CASES: readonly Case[] = (['json', 'msgpack', 'gzip'] as const).map(
  (format) => ({
    name: `tasks-${format}`,
    title: `a task of 1 KiB as ${TITLES[format]} from its creation to the end of its handler`,
    operations: format === 'gzip' ? 5_000 : 10_000,
    load: { ...tasks, workers: 1, size: 1024, format },
  }),
);

export async function runTasks(peer: NodePeer, job: Job<LoadOf<'tasks'>>): Promise<RunResult> {
  const { url, load, operations, warmUp } = job;
  const { workers: count, inFlight, prefetch, size, format } = load;
  const queue = queueOf(job);
  const publisher = need(peer.publisher, 'publisher');
  const publish = await publisher({ url, format }, queue);
  const workerJob: WorkerJob = { peer: job.peer, url, queue, prefetch, format };
  const workers = await Promise.all(Array.from({ length: count }, () => startWorker(workerJob)));
  const reports = (): Promise<WorkerReport[]> =>
    Promise.all(workers.map((worker) => worker.report()));
  const handled = async (total: number): Promise<readonly WorkerReport[]> => {
    for (;;) {
      const each = await reports();
      if (sum(each, ({ latencies }) => latencies.length) >= total) return each;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const text = textOf(size);
  const operation = (task_id: number): Promise<void> => publish({ task_id, at: now(), text });

  await inParallel(warmUp, inFlight, operation);
  await handled(warmUp);
  await Promise.all(workers.map((worker) => worker.restart()));
  const began = now();
  const read = startClock();
  await inParallel(operations, inFlight, operation);
  const { cpu } = read();
  const each = await handled(operations);
  return {
    operations,
    values: {
      // Until the last handler was over, not until somebody asked.
      duration: Math.max(...each.map(({ last }) => last)) - began,
      cpu: cpu + sum(each, (report) => report.cpu),
      memory: peakMemory() + sum(each, ({ memory }) => memory),
    },
    latencies: Float64Array.from(each.flatMap(({ latencies }) => [...latencies])),
  };
}

function sum(reports: readonly WorkerReport[], of: (report: WorkerReport) => number): number {
  return reports.reduce((total, report) => total + of(report), 0);
}

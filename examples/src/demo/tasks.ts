import { jsonCodec } from '@leveret/codec-json';
import type { Connection } from '@leveret/core';
import { Master } from '@leveret/master';
import { QUEUE, type Tasks, taskName } from './names.ts';
import type { DemoProcess } from './processes.ts';
import { Progress } from './progress.ts';

const TASKS = 1000;

/** Who did how much of it, and how long all took. */
export interface TaskSummary {
  readonly tasks: number;
  readonly seconds: number;
  readonly shares: readonly { readonly label: string; readonly tasks: number }[];
}

/** A master creates tasks, the workers share them out. Fails unless each was worked off. */
export async function runTasks(
  connection: Connection,
  run: string,
  workers: readonly DemoProcess[],
): Promise<TaskSummary> {
  await using channel = await connection.channel();
  const master = new Master<Tasks>(channel, { codec: jsonCodec() });
  using progress = new Progress(`${TASKS} tasks`, TASKS);
  const began = performance.now();
  const tally = count(workers, () => progress.advance());
  const ids = Array.from({ length: TASKS }, (_, id) => id);
  await Promise.all(ids.map((id) => master.createTask(taskName(run), { id })));
  await tally.all;
  return { tasks: TASKS, seconds: (performance.now() - began) / 1000, shares: tally.shares };
}

/** Declares the queue, so that it is there whoever comes first. */
export async function declareTasks(connection: Connection, run: string): Promise<void> {
  await using channel = await connection.channel();
  const master = new Master<Tasks>(channel, { codec: jsonCodec() });
  await master.createQueue(taskName(run), QUEUE);
}

/** Counts the tasks that the workers report. A task may come twice, so `all` waits for each id once. */
function count(workers: readonly DemoProcess[], onTask: () => void) {
  const shares = workers.map(({ label }) => ({ label, tasks: 0 }));
  const seen = new Set<number>();
  const all = new Promise<void>((resolve) => {
    for (const [index, worker] of workers.entries())
      worker.onReport((report) => {
        const share = shares[index];
        if (report.kind !== 'task' || share === undefined || seen.has(report.id)) return;
        seen.add(report.id);
        share.tasks++;
        onTask();
        if (seen.size === TASKS) resolve();
      });
  });
  return { shares, all };
}

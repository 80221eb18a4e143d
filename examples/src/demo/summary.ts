import type { CallSummary } from './calls.ts';
import { table } from './table.ts';
import type { TaskSummary } from './tasks.ts';

/** What happened, as tables. */
export function summary(tasks: TaskSummary, calls: readonly CallSummary[]): string {
  return `\n${taskTable(tasks)}\n\n${callTable(calls)}\n`;
}

function taskTable({ tasks, seconds, shares }: TaskSummary): string {
  return table(
    ['tasks', 'done', 'per second'],
    [...shares, { label: 'all', tasks }].map((share) => [
      share.label,
      String(share.tasks),
      (share.tasks / seconds).toFixed(0),
    ]),
  );
}

function callTable(calls: readonly CallSummary[]): string {
  return table(
    ['calls', 'per second', 'p50', 'p99'],
    calls.map(({ label, perSecond, p50, p99 }) => [
      label,
      perSecond.toFixed(0),
      `${p50.toFixed(1)} ms`,
      `${p99.toFixed(1)} ms`,
    ]),
  );
}

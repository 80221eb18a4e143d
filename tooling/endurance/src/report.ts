import { percentile } from '@leveret/testkit';
import type { Load } from './load/load.ts';
import type { Options } from './options.ts';
import { now, STREAMS } from './protocol.ts';
import type { FaultLog } from './rig/fault-log.ts';
import type { Rig } from './rig/rig.ts';
import { GAP_STREAMS, gapsOf } from './verdict.ts';

/** What a report is about. */
export interface Run {
  readonly rig: Pick<Rig, 'name' | 'quorum'>;
  readonly load: Load;
  readonly log: FaultLog;
  readonly options: Options;
  /** Messages that are left in the queues. */
  readonly left: number;
  readonly objections: readonly string[];
}

type Row = readonly (string | number)[];

/** The report of a run, in Markdown. */
export function report(run: Run): string {
  const { load, log, rig, options, objections } = run;
  const seconds = ((now() - load.startedAt) / 1_000).toFixed(0);
  const cuts = options.scenario === 'soak' ? '' : options.cuts ? ', with cuts' : ', without cuts';
  const queues = rig.quorum ? 'quorum queues' : 'classic queues';
  const verdict = objections.length === 0 ? ['passed'] : ['FAILED:', ...bullets(objections)];
  return [
    `## ${options.scenario}: ${rig.name}, ${queues}${cuts}, seed ${options.seed}, ${seconds} s`,
    table(['tasks', ''], taskRows(run)),
    table(['calls', ''], callRows(load)),
    table([...gapHead(rig.quorum), 'times', 'p50 ms', 'p99 ms', 'max ms'], gapRows(run)),
    `faults: ${listed(log.counts)}`,
    `connections lost: ${listed(lossesOf(load))}; worker processes killed: ${load.workersKilled}`,
    `events: ${listed(load.events)}`,
    `close() took: ${listed(load.closing, ' ms')}`,
    ...heapTable(load),
    verdict.join('\n'),
  ].join('\n\n');
}

function taskRows({ load, left }: Run): readonly Row[] {
  const tasks = load.recorder.tasks.summary();
  return [
    ['created', tasks.created],
    ['confirmed', tasks.confirmed],
    ['refused, and created again', listed(Object.entries(tasks.refused))],
    ['refused for good', tasks.refusedForGood],
    ['still waiting', tasks.unsettled],
    ['delivered / handled', `${tasks.delivered} / ${tasks.handled}`],
    ['**lost**', tasks.lost],
    ['duplicates: sent again, without `redelivered`', tasks.duplicatesSentAgain],
    ['duplicates: delivered again, with `redelivered`', tasks.duplicatesDeliveredAgain],
    ['first delivered out of order', tasks.outOfOrder],
    ['left in the queues', left],
  ];
}

function callRows(load: Load): readonly Row[] {
  const calls = load.recorder.calls.summary();
  return [
    ['made', calls.created],
    ...Object.entries(calls.outcomes).map(([outcome, count]) => {
      const { [outcome]: executed = 0 } = calls.executed;
      return [outcome, executed === count ? count : `${count}, executed ${executed}`];
    }),
    ['executed once more', calls.executedAgain],
    ['**never settled**', calls.hung],
    ['settled twice', calls.settledTwice],
    ['latest, ms after its timeout', Math.round(calls.latest)],
  ];
}

function gapHead(quorum: boolean): Row {
  return quorum ? ['longest silence after', 'of'] : ['gap after', 'until the next'];
}

function gapRows({ load, rig: { quorum } }: Run): readonly Row[] {
  return GAP_STREAMS.flatMap((stream) => {
    const all = gapsOf(load, stream, quorum);
    const kinds = [...new Set(all.map(({ kind }) => kind))];
    return kinds.map((kind) => {
      const times = all.flatMap((gap) => (gap.kind === kind ? gap.ms : []));
      const parts = [0.5, 0.99, 1].map((part) => Math.round(percentile(times, part)));
      return [kind, stream, times.length, ...parts];
    });
  });
}

function heapTable({ weights }: Load): readonly string[] {
  if (weights.length === 0) return [];
  const rows = weights.map(({ at, creator, worker }) => [
    (at / 1_000).toFixed(0),
    megabytes(creator),
    megabytes(worker),
  ]);
  return [table(['after s', 'heap of creator, MB', 'heap of worker, MB'], rows)];
}

function lossesOf({ recorder: { gaps } }: Load): ReadonlyMap<string, number> {
  return new Map(STREAMS.map((stream) => [stream, gaps.losses(stream)]));
}

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function listed(entries: Iterable<readonly [string, number]>, unit = ''): string {
  const all = Array.from(entries, ([name, count]) => `${name} ${Math.round(count)}${unit}`);
  return all.length === 0 ? 'none' : all.join(', ');
}

function bullets(texts: readonly string[]): readonly string[] {
  return texts.map((text) => `- ${text}`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}

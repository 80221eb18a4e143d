import { percentile } from '@leveret/testkit';
import type { Kind } from '../cases/load.ts';
import type { RunResult } from '../run/measure.ts';

/** A column of a table, or a panel of a chart. */
export interface Column {
  readonly title: string;
  /** Digits behind the point. */
  readonly digits: number;
  readonly better: 'more' | 'less';
  /** Its figure of one run; NaN where there is none. */
  readonly of: (result: RunResult) => number;
}

const MIB = 1024 * 1024;

function value(name: string, per = 1): (result: RunResult) => number {
  return ({ values }) => (values[name] ?? Number.NaN) / per;
}

function latency(part: number): (result: RunResult) => number {
  return ({ latencies }) => (latencies ? percentile(Array.from(latencies), part) : Number.NaN);
}

const rate: Column = {
  title: 'ops/s',
  digits: 0,
  better: 'more',
  of: ({ operations, values }) => (operations / (values['duration'] ?? Number.NaN)) * 1000,
};
const cpu: Column = {
  title: 'CPU µs/op',
  digits: 1,
  better: 'less',
  of: ({ operations, values }) => (values['cpu'] ?? Number.NaN) / operations,
};
const p50: Column = { title: 'p50 ms', digits: 2, better: 'less', of: latency(0.5) };
const p99: Column = { title: 'p99 ms', digits: 2, better: 'less', of: latency(0.99) };
const p999: Column = { title: 'p99.9 ms', digits: 2, better: 'less', of: latency(0.999) };
const memory: Column = {
  title: 'peak memory MiB',
  digits: 0,
  better: 'less',
  of: value('memory', MIB),
};

function time(title: string, name: string): Column {
  return { title, digits: 0, better: 'less', of: value(name) };
}

function mib(title: string, name: string): Column {
  return { title, digits: 1, better: 'less', of: value(name, MIB) };
}

const timed = [rate, cpu, p50, p99, p999, memory];

/** What is measured of each kind of load; a chart shows the first two. */
export const COLUMNS: Readonly<Record<Kind, readonly Column[]>> = {
  call: timed,
  publish: timed,
  consume: [rate, cpu, memory],
  tasks: timed,
  topic: [...timed, time('ms to bind all', 'bind')],
  reconnect: [time('ms to first delivery', 'duration')],
  'start-up': [
    time('ms to first message, from start of process', 'total'),
    time('ms to load', 'imported'),
    time('ms from there to first message', 'duration'),
    memory,
  ],
  idle: [
    {
      title: 'CPU µs each second',
      digits: 0,
      better: 'less',
      of: ({ values }) => ((values['cpu'] ?? 0) / (values['duration'] ?? Number.NaN)) * 1000,
    },
    memory,
  ],
  pending: [mib('heap MiB', 'heap'), mib('resident MiB', 'resident')],
  queues: [
    mib('heap MiB', 'heap'),
    mib('resident MiB', 'resident'),
    time('ms until all are consumed', 'duration'),
  ],
};

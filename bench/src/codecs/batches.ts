import { percentile } from '@leveret/testkit';
import type { Contest } from './contests.ts';

/** Nanoseconds that a call of each takes, and ours beside the bare one. */
export interface Costs {
  readonly bare: number;
  readonly ours: number;
  readonly other: number | undefined;
  /** Ours over bare: the median of all pairs of batches, and the middle half of them. */
  readonly ratio: { readonly median: number; readonly low: number; readonly high: number };
}

const BATCH_MS = 4;

/** Measures in batches that take turns, so that what disturbs one disturbs the other, too. */
export function compareCosts({ bare, ours, other }: Contest, batches: number): Costs {
  const calls = Math.max(1, Math.floor(BATCH_MS / (callTime(bare) || BATCH_MS)));
  const of = { bare: [0], ours: [0], other: [0] };
  const ratios: number[] = [];
  for (let turn = 0; turn < batches; turn++) {
    // Who comes first changes, since the second finds other memory.
    const first = turn % 2 === 0 ? batch(bare, calls) : 0;
    const mine = batch(ours, calls);
    const plain = turn % 2 === 0 ? first : batch(bare, calls);
    if (turn < batches / 5) continue; // they are compiled meanwhile
    of.bare.push(plain);
    of.ours.push(mine);
    ratios.push(mine / plain);
    if (other) of.other.push(batch(other, calls));
  }
  const nanoseconds = (times: readonly number[]): number =>
    (percentile(times.slice(1), 0.5) / calls) * 1e6;
  return {
    bare: nanoseconds(of.bare),
    ours: nanoseconds(of.ours),
    other: other && nanoseconds(of.other),
    ratio: {
      median: percentile(ratios, 0.5),
      low: percentile(ratios, 0.25),
      high: percentile(ratios, 0.75),
    },
  };
}

/** Milliseconds of one call, roughly. */
function callTime(run: () => unknown): number {
  let calls = 1;
  for (;;) {
    const time = batch(run, calls);
    if (time > BATCH_MS / 2) return time / calls;
    calls *= 2;
  }
}

let sink: unknown;

/** Milliseconds of so many calls. */
function batch(run: () => unknown, calls: number): number {
  const before = performance.now();
  for (let call = 0; call < calls; call++) sink = run();
  const time = performance.now() - before;
  if (sink === undefined) throw new Error('a codec that gives nothing');
  return time;
}

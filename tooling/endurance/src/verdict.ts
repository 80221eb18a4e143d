import type { Gap } from '@leveret/testkit';
import type { Load } from './load/load.ts';
import { FOREIGN, WRONG_RESULT } from './outcomes.ts';
import type { StreamName } from './protocol.ts';

/** Milliseconds after its timeout at which a call must have settled, on a busy machine. */
const LATE_MS = 2_000;
/**
 * Milliseconds after a fault by which something must come again: a link that died in silence is found after 25 s, and an
 * attempt on one that is frozen may take another 10 s.
 */
const GAP_MS = 45_000;
/** How much more a client may hold at the end than at the first weighing, in parts and in bytes. */
const GROWTH = 0.2;
const GROWTH_BYTES = 2 ** 20;

/** The streams whose gaps are looked at. */
export const GAP_STREAMS: readonly StreamName[] = ['confirm', 'delivery'];

/** How long a stream stood still: in a cluster also where no connection was lost, because a leader was missing. */
export function gapsOf(load: Load, stream: StreamName, quorum: boolean): readonly Gap[] {
  const { gaps } = load.recorder;
  return quorum ? gaps.silences(stream) : gaps.gaps(stream);
}

/** Everything that must not be; empty where the run has passed. */
export function objections(load: Load, left: number, quorum: boolean): readonly string[] {
  const tasks = load.recorder.tasks.summary();
  const calls = load.recorder.calls.summary();
  const { [WRONG_RESULT]: wrong = 0, [FOREIGN]: foreign = 0 } = calls.outcomes;
  const counts: readonly (readonly [number, string])[] = [
    [tasks.lost, `tasks lost, such as ${tasks.examplesOfLost.join(', ')}`],
    [tasks.unsettled, 'tasks whose creator still waits'],
    [tasks.refusedForGood, 'tasks refused for good'],
    [tasks.confirmedTwice, 'tasks confirmed twice'],
    [tasks.unknown, 'tasks that nobody created'],
    [left, 'messages left in the queues'],
    [calls.hung, `calls never settled, such as ${calls.examplesOfHung.join(', ')}`],
    [calls.settledTwice, 'calls settled twice'],
    [calls.unknown, 'calls that nobody made'],
    [wrong, 'calls with the result of something else'],
    [foreign, 'calls failed with what is no LeveretError'],
    [calls.latest > LATE_MS ? 1 : 0, `call settled ${Math.round(calls.latest)} ms too late`],
  ];
  return [
    ...counts.flatMap(([count, what]) => (count > 0 ? `${count} ${what}` : [])),
    ...GAP_STREAMS.flatMap((stream) => longGap(stream, gapsOf(load, stream, quorum))),
    ...growth(load),
    ...load.problems,
  ];
}

function longGap(stream: StreamName, gaps: readonly Gap[]): readonly string[] {
  const longest = Math.max(0, ...gaps.map(({ ms }) => ms));
  return longest > GAP_MS ? [`${Math.round(longest)} ms without a ${stream} after a fault`] : [];
}

function growth({ weights }: Load): readonly string[] {
  const [first, last] = [weights.at(0), weights.at(-1)];
  if (!first || !last) return [];
  return (['creator', 'worker'] as const).flatMap((role) => {
    const grown = last[role] - first[role];
    const fine = grown <= first[role] * GROWTH || grown <= GROWTH_BYTES;
    return fine ? [] : `the heap of the ${role} grew from ${first[role]} to ${last[role]} bytes`;
  });
}

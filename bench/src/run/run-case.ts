import { type Case, warmUpOf } from '../cases/case.ts';
import { obstacle } from '../cases/fit.ts';
import { queueCount } from '../cases/load.ts';
import type { Peer } from '../peers/peer.ts';
import { now, textOf } from '../work.ts';
import type { Admin } from './admin.ts';
import type { RunResult } from './measure.ts';
import { startRun } from './start-run.ts';

/** A peer on a broker. */
export interface Entrant {
  readonly title: string;
  readonly peer: Peer;
  readonly url: string;
  readonly admin: Admin;
}

/** What the rounds of an entrant gave, or why there are none. */
export type Outcome =
  | { readonly kind: 'measured'; readonly results: readonly RunResult[] }
  | { readonly kind: 'left out'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

/** All entrants in one case, in their order. */
export interface CaseOutcome {
  readonly case: Case;
  readonly outcomes: ReadonlyMap<Entrant, Outcome>;
}

/** How to measure. */
export interface Effort {
  /** Rounds that count, after one that does not. */
  readonly rounds: number;
  /** A part of the operations of each case, such as 0.01 to try whether all works. */
  readonly scale: number;
  /** Called before each run. */
  readonly tell: (what: string) => void;
}

/**
 * Measures a case: each run in a process of its own, on queues declared afresh, the entrants taking turns, so that what
 * disturbs the machine disturbs all. Who fails once takes no further part in the case.
 */
export async function runCase(
  which: Case,
  entrants: readonly Entrant[],
  effort: Effort,
): Promise<CaseOutcome> {
  const outcomes = new Map<Entrant, Outcome>();
  for (const entrant of entrants) {
    const why = obstacle(entrant.peer, which);
    outcomes.set(entrant, why ? { kind: 'left out', why } : { kind: 'measured', results: [] });
  }
  for (let round = 0; round <= effort.rounds; round++)
    for (const [entrant, outcome] of outcomes) {
      if (outcome.kind !== 'measured') continue;
      effort.tell(`${which.name}, ${entrant.title}, round ${round} of ${effort.rounds}`);
      try {
        const result = await runOnce(which, entrant, effort.scale);
        const results = round === 0 ? [] : [...outcome.results, result];
        outcomes.set(entrant, { kind: 'measured', results });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        outcomes.set(entrant, { kind: 'failed', why });
      }
    }
  return { case: which, outcomes };
}

async function runOnce(
  which: Case,
  { peer, url, admin }: Entrant,
  scale: number,
): Promise<RunResult> {
  const { load } = which;
  const prefix = `leveret.bench.${process.pid}`;
  const queues = Array.from({ length: queueCount(load) }, (_, index) => `${prefix}.${index}`);
  const share = peer.runs === 'python' ? peer.share : 1;
  const operations = Math.max(1, Math.round(which.operations * scale * share));
  const warmUp = warmUpOf(which, operations);
  const use = load.kind === 'call' || load.kind === 'pending' ? 'methods' : 'tasks';
  await admin.declare(queues, use);
  try {
    if (load.kind === 'consume') await fill(queues, warmUp + operations, load.size, peer, admin);
    return await startRun(peer, { peer: peer.name, url, queues, load, operations, warmUp });
  } finally {
    await admin.delete(queues);
  }
}

async function fill(
  [queue = '']: readonly string[],
  count: number,
  size: number,
  peer: Peer,
  admin: Admin,
): Promise<void> {
  const text = textOf(size);
  const envelope = peer.runs === 'node' ? peer.envelope : undefined;
  await admin.fill(queue, count, (task_id) => {
    const task = { task_id, at: now(), text };
    return envelope ? envelope(task, queue) : task;
  });
}

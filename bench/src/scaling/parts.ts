import { choose } from '../arguments.ts';
import { measureCosts } from './costs.ts';
import { measureGap } from './gap.ts';
import { measureQueues } from './queues.ts';
import { measureSteps } from './steps.ts';

/** What `scaling` consists of, in the order in which it is measured. Each starts nodes of its own. */
const PARTS: Readonly<Record<string, (rounds: number) => Promise<void>>> = {
  steps: measureSteps,
  queues: measureQueues,
  costs: measureCosts,
  gap: measureGap,
};

/** Measures the parts that are named, or all. */
export async function measureParts(rounds: number, words: readonly string[]): Promise<void> {
  const known = new Map(Object.entries(PARTS));
  for (const measure of choose('part', words, known)) await measure(rounds);
}

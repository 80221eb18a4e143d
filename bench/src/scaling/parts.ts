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
  const names = Object.keys(PARTS);
  const chosen = names.filter((name) => words.includes(name));
  for (const name of chosen.length === 0 ? names : chosen) await PARTS[name]?.(rounds);
}

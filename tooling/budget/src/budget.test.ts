import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startBroker } from '@leveret/broker';
import { expect, test } from 'vitest';
import { budget, type Counts, SCENARIOS } from './budget.ts';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** New space is large enough for a whole run, and code stays unoptimised: what is allocated depends on nothing else then. */
const FLAGS = ['--expose-gc', '--no-opt', '--min-semi-space-size=64', '--max-semi-space-size=64'];

/** The counts of a program of its own, by scenario; the broker is in this process, and counts for nothing. */
async function counted(): Promise<Map<string, Counts>> {
  await using broker = await startBroker();
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, program, broker.url]);
  const lines: { scenario: string; counts: Counts }[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return new Map(lines.map(({ scenario, counts }) => [scenario, counts]));
}

test('tasks and calls cost no more than the budget has for them', { timeout: 60_000 }, async () => {
  const counts = await counted();
  expect([...counts.keys()]).toEqual(SCENARIOS);
  const excess = SCENARIOS.flatMap((scenario) =>
    Object.entries(counts.get(scenario) ?? {})
      .filter(([name, count]) => !(count <= Number(Reflect.get(budget[scenario], name))))
      .map(([name, count]) => `${scenario}: ${count} ${name}`),
  );
  expect(excess).toEqual([]);
  // All that was sent is counted: three frames a task.
  expect(counts.get('create tasks')?.frames).toBe(3000);
});

// Counts what the scenarios cost, and prints it as JSON. Usage: node --expose-gc --no-opt --min-semi-space-size=64 --max-semi-space-size=64 main.js <url>
import { type Counts, OPERATIONS, SCENARIOS, type Scenario } from './budget.ts';
import { Counters } from './counters.ts';
import { setUp } from './scenarios.ts';

const [url = ''] = process.argv.slice(2);

/** What the heap holds, once it holds nothing that is not needed. */
function collected(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Kilobytes that a run allocates: new space is large enough for all of it, so nothing is collected meanwhile. */
async function allocated(scenario: Scenario): Promise<number> {
  await using set = await setUp(scenario, url);
  const runs: number[] = [];
  for (let round = 0; round < 7; round++) {
    const before = collected();
    await set.run(OPERATIONS);
    runs.push((process.memoryUsage().heapUsed - before) / 1024);
  }
  const [, , , median = 0] = runs.sort((a, b) => a - b);
  return Math.round(median);
}

async function count(scenario: Scenario, counters: Counters): Promise<Omit<Counts, 'kilobytes'>> {
  await using set = await setUp(scenario, url);
  await set.run(OPERATIONS); // what happens once is not counted
  const before = counters.read();
  await set.run(OPERATIONS);
  const after = counters.read();
  return {
    writes: after.writes - before.writes,
    frames: after.frames - before.frames,
    promises: after.promises - before.promises,
    microtasks: after.microtasks - before.microtasks,
    timers: after.timers - before.timers,
  };
}

// First, since counting allocates as well.
const kilobytes: number[] = [];
for (const scenario of SCENARIOS) kilobytes.push(await allocated(scenario));
const counters = new Counters();
for (const [index, scenario] of SCENARIOS.entries()) {
  const counts = { ...(await count(scenario, counters)), kilobytes: kilobytes[index] };
  console.log(JSON.stringify({ scenario, counts }));
}

import { choose, type Wishes } from '../arguments.ts';
import { startRabbit } from '../brokers/rabbit.ts';
import type { Case } from '../cases/case.ts';
import { CASES, SETS } from '../cases/sets.ts';
import { barChart } from '../report/bars.ts';
import { circumstances } from '../report/circumstances.ts';
import { guaranteeTable } from '../report/guarantees.ts';
import { publishPage } from '../report/page.ts';
import { caseTable } from '../report/table.ts';
import { openAdmin } from '../run/admin.ts';
import { type CaseOutcome, runCase } from '../run/run-case.ts';
import { tell } from '../run/tell.ts';
import { choosePeers, enter } from './entrants.ts';

/** Measures peers side by side: each set of cases is a page. */
export async function measurePeers(wishes: Wishes): Promise<void> {
  const sets = setsOf(wishes);
  const peers = await choosePeers(wishes.peers);
  await using rabbit = await startRabbit();
  await using admin = await openAdmin(rabbit.url);
  const entrants = enter(peers, rabbit.url, admin);
  const known = new Map<Case, CaseOutcome>(); // some cases are in two sets
  for (const [set, cases] of sets) {
    const outcomes: CaseOutcome[] = [];
    for (const which of cases) {
      const outcome = known.get(which) ?? (await runCase(which, entrants, { ...wishes, tell }));
      known.set(which, outcome);
      outcomes.push(outcome);
    }
    const parts = [
      HOW_TO_READ.replace('ROUNDS', String(wishes.rounds)),
      circumstances(admin.broker, peers),
      ...outcomes.map(caseTable),
      guaranteeTable(peers),
    ];
    const title = `Peers: ${set}`;
    await publishPage({ name: set, title, parts, chart: barChart(title, outcomes) }, wishes.out);
  }
}

const HOW_TO_READ = `Medians of ROUNDS rounds after one that does not count, with the least and the most in parentheses; a
difference smaller than the spread says nothing. What is compared, and how, stands in [bench](../../bench/README.md).`;

function setsOf({ parts, cases }: Wishes): readonly (readonly [string, readonly Case[]])[] {
  const known = new Map(CASES.map((each) => [each.name, each]));
  if (cases.length > 0) return [['selection', choose('case', cases, known)]];
  const wanted = parts.length === 0 ? ['main'] : parts;
  return choose('set', wanted, new Map(Object.entries(SETS).map((entry) => [entry[0], entry])));
}

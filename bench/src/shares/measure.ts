import type { Wishes } from '../arguments.ts';
import { startRabbit } from '../brokers/rabbit.ts';
import { warmUpOf } from '../cases/case.ts';
import { CASES } from '../cases/sets.ts';
import { choosePeers, enter } from '../peers/entrants.ts';
import { circumstances } from '../report/circumstances.ts';
import { publishPage } from '../report/page.ts';
import { cell, spreadOf } from '../report/statistics.ts';
import { openAdmin } from '../run/admin.ts';
import type { RunResult } from '../run/measure.ts';
import { type CaseOutcome, runCase } from '../run/run-case.ts';
import { tell } from '../run/tell.ts';
import { AREAS } from './areas.ts';
import { PROFILED, type Subject } from './profile.ts';

const PEERS = ['leveret', 'amqplib', 'amqplib-merged', 'rabbitmq-client'];
const CASE_NAMES = ['calls-1', 'calls-100', 'publish', 'consume-500'];

const SUBJECTS: Readonly<Record<Subject, string>> = {
  cpu: 'CPU time, in microseconds an operation',
  heap: 'Memory allocated on the heap, in bytes an operation',
};

const HEAD = `Where it goes, by profiles of V8: of CPU time every 200 µs, of allocations every 16 KiB, what was collected meanwhile
included. The start of the process and the operations before those that count are in it, so read the columns beside each other. A
profile costs something itself: for how fast all that is see the other pages. Libraries other than ours read and write their frames in
"other libraries".`;

/** What share each part of the way has in CPU time and in allocations. */
export async function measureShares(wishes: Wishes): Promise<void> {
  const peers = await choosePeers(wishes.peers.length > 0 ? wishes.peers : PEERS);
  const names = wishes.cases.length > 0 ? wishes.cases : CASE_NAMES;
  const cases = CASES.filter(({ name }) => names.includes(name));
  await using rabbit = await startRabbit();
  await using admin = await openAdmin(rabbit.url);
  const entrants = enter(peers, rabbit.url, admin);
  const tables: string[] = [];
  for (const subject of ['cpu', 'heap'] as const) {
    process.env[PROFILED] = subject;
    tables.push(`## ${SUBJECTS[subject]}`);
    for (const which of cases)
      tables.push(tableOf(await runCase(which, entrants, { ...wishes, tell })));
  }
  const parts = [HEAD, circumstances(admin.broker, peers), ...tables];
  await publishPage({ name: 'shares', title: 'Where time and memory go', parts }, wishes.out);
}

function tableOf({ case: which, outcomes }: CaseOutcome): string {
  const { name, title, operations } = which;
  const measured = [...outcomes].flatMap(([entrant, outcome]) =>
    outcome.kind === 'measured' ? [{ entrant, results: outcome.results }] : [],
  );
  const all = 1 + warmUpOf(which, operations) / operations;
  const cells = (value: (result: RunResult) => number): string =>
    measured
      .map(({ results }) =>
        cell(spreadOf(results.map((each) => value(each) / each.operations / all)), 1),
      )
      .join(' | ');
  const sum = ({ values }: RunResult): number =>
    AREAS.reduce((total, area) => total + (values[area] ?? 0), 0);
  return [
    `### ${name}`,
    '',
    `An operation is ${title}.`,
    '',
    `| | ${measured.map(({ entrant }) => entrant.title).join(' | ')} |`,
    `| --- | ${measured.map(() => '---:').join(' | ')} |`,
    ...AREAS.map((area) => `| ${area} | ${cells(({ values }) => values[area] ?? 0)} |`),
    `| **all** | ${cells(sum)} |`,
  ].join('\n');
}

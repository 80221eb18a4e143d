import { choose, type Wishes } from '../arguments.ts';
import { startRabbit } from '../brokers/rabbit.ts';
import { choosePeers, enter } from '../peers/entrants.ts';
import { circumstances } from '../report/circumstances.ts';
import { lineChart, type Panel } from '../report/lines.ts';
import { publishPage } from '../report/page.ts';
import { openAdmin } from '../run/admin.ts';
import { runCase } from '../run/run-case.ts';
import { tell } from '../run/tell.ts';
import { SERIES } from './series.ts';
import { type Measured, panelsOf, seriesPart } from './tables.ts';

/** Leveret, and what its users would write by hand. */
const PEERS = ['leveret', 'amqplib-merged', 'rabbitmq-client'];

const TITLE = 'Growth';
const HOW_TO_READ = `How throughput and latency go with size, prefetch, calls in flight, registered methods and bindings: medians of ROUNDS
rounds after one that does not count, with the least and the most in parentheses. What is compared stands in
[bench](../../bench/README.md).`;

/** Measures how costs grow, one page for all series. */
export async function measureGrowth(wishes: Wishes): Promise<void> {
  const series = choose('series', wishes.parts, new Map(SERIES.map((each) => [each.name, each])));
  const peers = await choosePeers(wishes.peers.length > 0 ? wishes.peers : PEERS);
  await using rabbit = await startRabbit();
  await using admin = await openAdmin(rabbit.url);
  const entrants = enter(peers, rabbit.url, admin);
  const parts: string[] = [];
  const panels: Panel[] = [];
  for (const each of series) {
    const measured: Measured[] = [];
    for (const { x, case: which } of each.points)
      measured.push({ x, outcome: await runCase(which, entrants, { ...wishes, tell }) });
    parts.push(seriesPart(each, measured, entrants));
    panels.push(...panelsOf(each, measured, entrants));
  }
  const head = HOW_TO_READ.replace('ROUNDS', String(wishes.rounds));
  await publishPage(
    {
      name: 'growth',
      title: TITLE,
      parts: [head, circumstances(admin.broker, peers), ...parts],
      chart: lineChart(TITLE, panels),
    },
    wishes.out,
  );
}

import { choose, type Wishes } from '../arguments.ts';
import { CASES } from '../cases/sets.ts';
import { loadPeer } from '../peers/list.ts';
import { circumstances } from '../report/circumstances.ts';
import { publishPage } from '../report/page.ts';
import { caseTable } from '../report/table.ts';
import { openAdmin } from '../run/admin.ts';
import { type CaseOutcome, runCase } from '../run/run-case.ts';
import { tell } from '../run/tell.ts';
import { startEmbedded } from './embedded.ts';
import { startRabbit } from './rabbit.ts';

const CASES_OF_BROKERS = ['calls-100', 'publish', 'consume-500'];

/** One client on two brokers: RabbitMQ, and the embedded one in a process of its own. */
export async function measureBrokers(wishes: Wishes): Promise<void> {
  const known = new Map(CASES.map((each) => [each.name, each]));
  const cases = choose('case', wishes.cases.length > 0 ? wishes.cases : CASES_OF_BROKERS, known);
  const peer = await loadPeer('rabbitmq-client');
  await using rabbit = await startRabbit();
  await using embedded = await startEmbedded();
  await using rabbitAdmin = await openAdmin(rabbit.url);
  await using embeddedAdmin = await openAdmin(embedded.url);
  const entrants = [
    { title: 'RabbitMQ', peer, url: rabbit.url, admin: rabbitAdmin },
    { title: 'embedded broker', peer, url: embedded.url, admin: embeddedAdmin },
  ];
  const outcomes: CaseOutcome[] = [];
  for (const which of cases) outcomes.push(await runCase(which, entrants, { ...wishes, tell }));
  const parts = [circumstances(rabbitAdmin.broker, [peer]), ...outcomes.map(caseTable)];
  await publishPage({ name: 'brokers', title: 'Brokers', parts }, wishes.out);
}

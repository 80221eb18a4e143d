// Measures two side by side. Usage: npm run bench -- [rounds] [case …] [brokers]; or [rounds] scaling [part …]
import { findRabbitServer, startRabbitNode } from '@leveret/testkit';
import { compare } from './compare.ts';
import { startEmbedded } from './embedded.ts';
import { CASES } from './peer.ts';
import { measureParts } from './scaling/parts.ts';

const names = process.argv.slice(2);
const rounds = Number(names.find((text) => Number(text) > 0) ?? 5);
const chosen = CASES.filter((name) => names.includes(name));
const cases = chosen.length === 0 ? CASES : chosen;

/** RabbitMQ: the one of AMQP_URL, or a private node. */
async function startRabbit(): Promise<{ readonly url: string } & AsyncDisposable> {
  const { AMQP_URL: url } = process.env;
  if (url) return { url, [Symbol.asyncDispose]: async () => {} };
  if (findRabbitServer()) return startRabbitNode();
  throw new Error('No broker: set AMQP_URL, or install rabbitmq-server.');
}

/** One client on two brokers. */
async function compareBrokers(rabbitUrl: string): Promise<void> {
  await using embedded = await startEmbedded();
  const rabbit = { name: 'RabbitMQ', peer: 'raw', url: rabbitUrl };
  const ours = { name: 'embedded broker', peer: 'raw', url: embedded.url };
  for (const name of cases) await compare([rabbit, ours], name, rounds);
}

/** Two clients on one broker. */
async function comparePeers(url: string): Promise<void> {
  const raw = { name: 'raw', peer: 'raw', url };
  const leveret = { name: 'leveret', peer: 'leveret', url };
  for (const name of cases) await compare([raw, leveret], name, rounds);
}

/** Clients, or brokers, side by side. */
async function measureSides(): Promise<void> {
  await using rabbit = await startRabbit();
  await (names.includes('brokers') ? compareBrokers(rabbit.url) : comparePeers(rabbit.url));
}

try {
  await (names.includes('scaling') ? measureParts(rounds, names) : measureSides());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

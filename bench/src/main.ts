// Measures the peers side by side on one broker: each run in a process of its own, peers taking turns, so
// that what disturbs the machine disturbs all of them. Usage: npm run bench -- [rounds] [case …]
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findRabbitServer, type RabbitNode, startRabbitNode } from '@leveret/testkit';
import { Connection } from 'rabbitmq-client';
import { CASES, type Case, type Load, type Measure } from './peer.ts';

const LOADS: Record<Case, { readonly operations: number; readonly inFlight: number }> = {
  publish: { operations: 30_000, inFlight: 500 },
  consume: { operations: 40_000, inFlight: 500 },
  call: { operations: 15_000, inFlight: 100 },
};
const PEERS = ['raw', 'leveret'] as const;
type PeerName = (typeof PEERS)[number];

const [rounds = 5, ...names] = process.argv.slice(2).map((text) => Number(text) || text);
const cases = CASES.filter((name) => names.length === 0 || names.includes(name));

const node = process.env['AMQP_URL'] ? undefined : await ownNode();
const url = process.env['AMQP_URL'] ?? node?.url;
try {
  if (url) for (const name of cases) await compare(url, name, Number(rounds));
} finally {
  await node?.[Symbol.asyncDispose]();
}

async function ownNode(): Promise<RabbitNode | undefined> {
  if (findRabbitServer()) return startRabbitNode();
  console.error('No broker: set AMQP_URL, or install rabbitmq-server.');
  process.exitCode = 1;
  return undefined;
}

async function compare(broker: string, name: Case, count: number): Promise<void> {
  const results: Record<PeerName, Measure[]> = { raw: [], leveret: [] };
  for (let round = 0; round <= count; round++)
    for (const peer of PEERS) {
      const measured = await run(broker, peer, name);
      if (round > 0) results[peer].push(measured); // the first round warms the broker up
    }
  const { operations, inFlight } = LOADS[name];
  console.log(`\n${name}: ${operations} operations, ${inFlight} in flight, ${count} rounds`);
  console.log('| peer | ops/s | min–max | CPU µs per operation |\n|---|---|---|---|');
  for (const peer of PEERS) console.log(row(peer, results[peer]));
  const ratio = median(results.leveret.map(rate)) / median(results.raw.map(rate));
  const cpu = median(results.leveret.map(cpuPer)) / median(results.raw.map(cpuPer));
  console.log(`leveret / raw: throughput ${ratio.toFixed(2)}, CPU ${cpu.toFixed(2)}`);
}

async function run(broker: string, peer: PeerName, name: Case): Promise<Measure> {
  const queue = `leveret.bench.${name}.${process.pid}`;
  await declared(broker, queue);
  const load: Load = { url: broker, queue, ...LOADS[name] };
  const script = fileURLToPath(new URL('./run.js', import.meta.url));
  const child = fork(script, [peer, name, JSON.stringify(load)]);
  return new Promise((resolve, reject) => {
    let measured: Measure | undefined;
    child.on('message', (message: Measure) => {
      measured = message;
    });
    child.on('exit', (code) => {
      if (measured && code === 0) resolve(measured);
      else reject(new Error(`${peer} failed in ${name} with exit code ${code}`));
    });
  });
}

/** A fresh, empty queue, as callees declare theirs. */
async function declared(broker: string, queue: string): Promise<void> {
  const connection = new Connection(broker);
  await connection.queueDelete(queue);
  const dead = { 'x-dead-letter-exchange': 'rpc.dlx' };
  await connection.queueDeclare({
    queue,
    durable: true,
    arguments: queue.includes('.call.') ? dead : {},
  });
  await connection.close();
}

function row(peer: string, measures: readonly Measure[]): string {
  const rates = measures.map(rate);
  const spread = `${Math.round(Math.min(...rates))}–${Math.round(Math.max(...rates))}`;
  const cpu = median(measures.map(cpuPer)).toFixed(1);
  return `| ${peer} | ${Math.round(median(rates))} | ${spread} | ${cpu} |`;
}

function rate({ operations, duration }: Measure): number {
  return (operations / duration) * 1000;
}

function cpuPer({ operations, cpu }: Measure): number {
  return cpu / operations;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { percentile } from '@leveret/testkit';
import { Connection } from 'rabbitmq-client';
import type { Case, Load, Measure } from './peer.ts';

const LOADS: Record<Case, { readonly operations: number; readonly inFlight: number }> = {
  publish: { operations: 30_000, inFlight: 500 },
  consume: { operations: 40_000, inFlight: 500 },
  call: { operations: 15_000, inFlight: 100 },
};

/** One of the two that are compared: a client on a broker. */
export interface Side {
  readonly name: string;
  /** One of the names in `run.ts`. */
  readonly peer: string;
  readonly url: string;
}

/**
 * Measures two sides in a case and prints a table: each run in a process of its own, the sides taking turns, so that what
 * disturbs the machine disturbs both.
 */
export async function compare(
  sides: readonly [Side, Side],
  name: Case,
  rounds: number,
): Promise<void> {
  const [base, other] = sides;
  const [of, to]: [Measure[], Measure[]] = [[], []];
  await run(base, name); // warms everything up
  await run(other, name);
  for (let round = 0; round < rounds; round++) {
    of.push(await run(base, name));
    to.push(await run(other, name));
  }
  const { operations, inFlight } = LOADS[name];
  console.log(`\n${name}: ${operations} operations, ${inFlight} in flight, ${rounds} rounds`);
  console.log('| | ops/s | min–max | CPU µs per operation |\n|---|---|---|---|');
  console.log(row(base.name, of));
  console.log(row(other.name, to));
  const ratio = median(to.map(rate)) / median(of.map(rate));
  const cpu = median(to.map(cpuPer)) / median(of.map(cpuPer));
  console.log(
    `${other.name} / ${base.name}: throughput ${ratio.toFixed(2)}, CPU ${cpu.toFixed(2)}`,
  );
}

async function run({ peer, url }: Side, name: Case): Promise<Measure> {
  const queue = `leveret.bench.${name}.${process.pid}`;
  await declared(url, queue);
  const load: Load = { url, queue, ...LOADS[name] };
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

function row(name: string, measures: readonly Measure[]): string {
  const rates = measures.map(rate);
  const spread = `${Math.round(Math.min(...rates))}–${Math.round(Math.max(...rates))}`;
  const cpu = median(measures.map(cpuPer)).toFixed(1);
  return `| ${name} | ${Math.round(median(rates))} | ${spread} | ${cpu} |`;
}

function rate({ operations, duration }: Measure): number {
  return (operations / duration) * 1000;
}

function cpuPer({ operations, cpu }: Measure): number {
  return cpu / operations;
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

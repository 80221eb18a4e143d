// What a queue takes on one node and on three: what replication costs, and what more queues bring.
import { jsonCodec } from '@leveret/codec-json';
import { type Channel, connect, type QueueType } from '@leveret/core';
import { Master } from '@leveret/master';
import { startRabbitCluster, startRabbitNode } from '@leveret/testkit';
import { inParallel } from '../run/lanes.ts';
import { measure } from '../run/measure.ts';
import { inTurn, spread } from './table.ts';

const TASKS = 30_000;
const IN_FLIGHT = 500;

/** Queues on brokers: one channel and connection for each of the URLs, on a queue of its own. */
interface Setting {
  readonly name: string;
  readonly urls: readonly string[];
  readonly queueType: QueueType;
}

/** Messages a second. */
interface Rates {
  readonly publish: number;
  readonly consume: number;
}

/** Measures each setting and prints a table. */
export async function measureQueues(rounds: number): Promise<void> {
  await using node = await startRabbitNode();
  await using cluster = await startRabbitCluster();
  const [first = ''] = cluster.urls;
  const settings: readonly Setting[] = [
    { name: 'classic queue, one node', urls: [node.url], queueType: 'classic' },
    { name: 'quorum queue, one node', urls: [node.url], queueType: 'quorum' },
    { name: 'quorum queue, three nodes', urls: [first], queueType: 'quorum' },
    { name: 'three quorum queues, three nodes', urls: cluster.urls, queueType: 'quorum' },
  ];
  const rates = await inTurn(settings, rounds, run);
  console.log(`\n${TASKS} tasks, ${IN_FLIGHT} in flight on each queue, ${rounds} rounds`);
  console.log('| | publish/s | min–max | consume/s | min–max |\n|---|---|---|---|---|');
  for (const [{ name }, measured] of rates) {
    const cells = [measured.map(({ publish }) => publish), measured.map(({ consume }) => consume)];
    console.log(`| ${name} | ${cells.map((each) => spread(each)).join(' | ')} |`);
  }
}

async function run({ urls, queueType }: Setting): Promise<Rates> {
  const lanes = await Promise.all(urls.map((url, index) => openLane(url, index, queueType)));
  const share = TASKS / lanes.length;
  try {
    const published = await measure(TASKS, () => each(lanes, (lane) => createAll(lane, share)));
    const consumed = await measure(TASKS, () => each(lanes, (lane) => workAll(lane, share)));
    return { publish: rate(published.duration), consume: rate(consumed.duration) };
  } finally {
    await each(lanes, ({ close }) => close());
  }
}

/** A client of one queue, whose leader is where the client is. */
interface Lane {
  readonly master: Master;
  readonly queue: string;
  readonly channel: Channel;
  close(): Promise<void>;
}

async function openLane(url: string, index: number, queueType: QueueType): Promise<Lane> {
  const connection = await connect(url);
  const channel = await connection.channel();
  const master = new Master(channel, { codec: jsonCodec(), queueType });
  const queue = await master.createQueue(`leveret.bench.scaling.${process.pid}.${index}`);
  const close = async (): Promise<void> => {
    await queue.delete();
    await connection.close();
  };
  return { master, queue: queue.name, channel, close };
}

function createAll({ master, queue }: Lane, count: number): Promise<void> {
  return inParallel(count, IN_FLIGHT, (task_id) => master.createTask(queue, { task_id }));
}

async function workAll({ master, queue }: Lane, count: number): Promise<void> {
  let left = count;
  let done = (): void => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const worker = await master.createWorker(queue, () => void (--left === 0 && done()), {
    prefetch: IN_FLIGHT,
  });
  await all;
  await worker.close();
}

async function each(lanes: readonly Lane[], use: (lane: Lane) => Promise<void>): Promise<void> {
  await Promise.all(lanes.map(use));
}

function rate(duration: number): number {
  return (TASKS / duration) * 1000;
}

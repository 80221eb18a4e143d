// How long publishers wait when the node that leads their queue is killed.
import { setTimeout as pause } from 'node:timers/promises';
import { type RabbitCluster, type RabbitNode, startRabbitCluster } from '@leveret/testkit';
import { type Client, openClient, withQueue } from './client.ts';
import { spread } from './table.ts';

const LANES = 100;
const BEFORE_MS = 1_000;
/** How long to watch after the kill. The longest gap must end well within. */
const AFTER_MS = 8_000;

interface Place {
  readonly name: string;
  /** Whether clients are on the node that is killed. */
  readonly onLeader: boolean;
}

const PLACES: readonly Place[] = [
  { name: 'publisher on the node of the leader', onLeader: true },
  { name: 'publisher on another node', onLeader: false },
];

interface Gap {
  /** Milliseconds of the longest silence between two confirms from the kill on. */
  readonly silence: number;
  /** Publishes that were confirmed in all. */
  readonly confirmed: number;
  /** Publishes that failed. */
  readonly failed: number;
}

/** Kills the leader `rounds` times for each place of the publisher and prints a table. */
export async function measureGap(rounds: number): Promise<void> {
  await using cluster = await startRabbitCluster();
  console.log(`\nLeader killed, ${LANES} publishes in flight, ${rounds} rounds`);
  console.log('| | ms without a confirm | min–max | failed, of |\n|---|---|---|---|');
  for (const place of PLACES) {
    const gaps: Gap[] = [];
    for (let round = 0; round < rounds; round++) {
      gaps.push(await run(cluster, place));
      await cluster.startAll();
    }
    const sum = (of: (gap: Gap) => number): number => gaps.reduce((all, gap) => all + of(gap), 0);
    const failed = `${sum((gap) => gap.failed)} of ${sum((gap) => gap.failed + gap.confirmed)}`;
    console.log(`| ${place.name} | ${spread(gaps.map(({ silence }) => silence))} | ${failed} |`);
  }
}

async function run(cluster: RabbitCluster, { onLeader }: Place): Promise<Gap> {
  await using owner = await openClient(cluster.urls);
  return await withQueue(owner.channel, 'quorum', async (queue) => {
    const leader = await cluster.leaderOf(queue.name);
    await using publisher = await openAt(cluster, (node) => (node === leader) === onLeader);
    const times: number[] = [];
    let failed = 0;
    let stopped = false;
    const lane = async (): Promise<void> => {
      while (!stopped)
        await publisher.channel.defaultExchange
          .publish({ body: Buffer.alloc(30) }, queue.name)
          .then(
            () => times.push(performance.now()),
            () => failed++,
          );
    };
    const lanes = Promise.all(Array.from({ length: LANES }, lane));
    await pause(BEFORE_MS);
    const killed = performance.now();
    await leader.kill();
    await pause(AFTER_MS);
    stopped = true;
    await lanes;
    return {
      silence: longest([killed, ...times.filter((at) => at > killed)]),
      confirmed: times.length,
      failed,
    };
  });
}

/** The longest time between two neighbours. */
function longest(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
}

/** A client of all nodes that is on one that will do: which one it takes is chance. */
async function openAt(
  cluster: RabbitCluster,
  willDo: (node: RabbitNode | undefined) => boolean,
): Promise<Client> {
  for (;;) {
    const client = await openClient(cluster.urls);
    const { status } = client.connection;
    const node = cluster.nodes.find(({ port }) => 'port' in status && status.port === port);
    if (willDo(node)) return client;
    await client[Symbol.asyncDispose]();
  }
}

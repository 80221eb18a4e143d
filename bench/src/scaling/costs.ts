// What copies cost: the time until a publish is confirmed, and the bytes that the nodes write to their disks.
import { readFile } from 'node:fs/promises';
import type { QueueType } from '@leveret/core';
import { percentile, type RabbitNode, startRabbitCluster, startRabbitNode } from '@leveret/testkit';
import { openClient, publishAll, withQueue } from './client.ts';
import { inTurn, spread } from './table.ts';

const ALONE = 300;
const TASKS = 10_000;
const SIZE = 2 * 1024;

interface Setting {
  readonly name: string;
  readonly nodes: readonly RabbitNode[];
  readonly queueType: QueueType;
}

interface Cost {
  /** Milliseconds until a publish is confirmed, where no other is under way. */
  readonly usual: number;
  /** The slowest but one in a hundred. */
  readonly slow: number;
  /** Bytes written by all nodes for each byte of a body. */
  readonly written: number;
}

/** Measures each setting and prints a table. */
export async function measureCosts(rounds: number): Promise<void> {
  await using node = await startRabbitNode();
  await using cluster = await startRabbitCluster();
  const settings: readonly Setting[] = [
    { name: 'classic queue, one node', nodes: [node], queueType: 'classic' },
    { name: 'quorum queue, one node', nodes: [node], queueType: 'quorum' },
    { name: 'quorum queue, three nodes', nodes: cluster.nodes, queueType: 'quorum' },
  ];
  const measured = await inTurn(settings, rounds, run);
  console.log(`\n${SIZE} bytes a task, ${rounds} rounds`);
  console.log('| | ms to a confirm | min–max | p99 | min–max | bytes written a byte | min–max |');
  console.log('|---|---|---|---|---|---|---|');
  for (const [{ name }, costs] of measured) {
    const columns = (['usual', 'slow', 'written'] as const).map((key) =>
      costs.map((cost) => cost[key]),
    );
    const cells = columns.map((values) => spread(values, 2));
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}

async function run({ nodes, queueType }: Setting): Promise<Cost> {
  const [first] = nodes;
  await using client = await openClient(first?.url ?? '');
  const { channel } = client;
  return await withQueue(channel, queueType, async (queue) => {
    const times: number[] = [];
    for (let n = 0; n < ALONE; n++) {
      const before = performance.now();
      await publishAll(channel, queue, 1, 1, SIZE);
      times.push(performance.now() - before);
    }
    const before = await written(nodes);
    await publishAll(channel, queue, TASKS, 500, SIZE);
    const bytes = (await written(nodes)) - before;
    return {
      usual: percentile(times, 0.5),
      slow: percentile(times, 0.99),
      written: bytes / (TASKS * SIZE),
    };
  });
}

/** Bytes that the nodes have had written so far: Linux counts them for each process. */
async function written(nodes: readonly RabbitNode[]): Promise<number> {
  const counts = nodes.map(async ({ pid }) => {
    const text = await readFile(`/proc/${pid}/io`, 'utf8');
    return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1]);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

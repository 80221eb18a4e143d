import { expect, test } from 'vitest';
import { findRabbitServer } from './find.ts';
import { startRabbitCluster } from './start-cluster.ts';

const SOON = { timeout: 20_000 };

test.skipIf(findRabbitServer() === undefined)(
  'a cluster that ignores partitions has all nodes go on, and stays partitioned until one side is restarted',
  { timeout: 120_000 },
  async () => {
    await using cluster = await startRabbitCluster({ size: 2, partitionHandling: 'ignore' });
    const [one, two] = cluster.nodes;
    if (one === undefined || two === undefined) throw new Error('two nodes were asked for');
    const views = (): Promise<readonly string[]> =>
      Promise.all([one, two].map((node) => node.erlang('{rabbit:is_running(), length(nodes())}.')));
    cluster.partition([one], [two]);
    await expect.poll(views, SOON).toEqual(['{true, 0}', '{true, 0}']);

    cluster.heal();
    const partitions = 'rabbit_node_monitor:partitions().';
    await expect.poll(() => one.erlang(partitions), SOON).toBe(`['${two.name}']`);
    expect(await cluster.isWhole()).toBe(false);

    await two.stop();
    await two.start();
    await cluster.untilWhole();
  },
);

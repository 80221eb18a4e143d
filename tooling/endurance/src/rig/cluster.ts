import { startRabbitCluster, startTcpProxy } from '@leveret/testkit';
import { countInQuorum } from './messages-in.ts';
import type { Rig } from './rig.ts';

/** Three nodes of RabbitMQ with quorum queues; `kill` takes the one that leads the queue. */
export async function clusterRig(): Promise<Rig> {
  const cluster = await startRabbitCluster();
  const proxies = await Promise.all(
    cluster.nodes.map(({ port }) => startTcpProxy({ host: '127.0.0.1', port })),
  );
  const [directUrl = ''] = cluster.urls;
  return {
    name: `RabbitMQ, ${cluster.nodes.length} nodes`,
    urls: proxies.map((proxy) => proxy.url(directUrl)),
    proxies,
    quorum: true,
    faults: [],
    messagesIn: async (queue) => {
      const leader = await cluster.leaderOf(queue);
      return Number(await leader.erlang(countInQuorum(queue)));
    },
    sync: async () => {},
    kill: async (queue) => {
      await cluster.killLeaderOf(queue);
    },
    start: () => cluster.startAll(),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await cluster[Symbol.asyncDispose]();
    },
  };
}

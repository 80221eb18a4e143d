import { randomUUID } from 'node:crypto';
import { freePort } from '../ports.ts';
import { RabbitCluster } from './cluster.ts';
import { createNode, onFreePorts, type RabbitNodeOptions } from './create.ts';
import { Mesh } from './mesh.ts';
import type { RabbitNode } from './node.ts';
import { type NodeDirectory, startPortMapper } from './port-mapper.ts';

const RETRY_MS = 200;
const RETRIES = 3_000;

/** How `startRabbitCluster` boots its nodes. Options of nodes go for each of them. */
export interface RabbitClusterOptions extends RabbitNodeOptions {
  /** How many nodes there are; 3 unless given. */
  readonly size?: number;
  /**
   * What nodes do that lose sight of others: those in the minority take no clients until the others are back, or all
   * go on. `pause_minority` unless given.
   */
  readonly partitionHandling?: 'ignore' | 'pause_minority';
}

/** A node that is to be, with ports that were free a moment ago. */
interface Plan {
  readonly name: string;
  readonly amqp: number;
  readonly port: number;
}

async function planNodes(size: number): Promise<readonly Plan[]> {
  const ports = await Promise.all(Array.from({ length: 2 * size }, () => freePort()));
  return Array.from({ length: size }, (_, index) => {
    const [amqp = 0, port = 0] = ports.slice(2 * index);
    return { name: `leveret-${index + 1}@localhost`, amqp, port };
  });
}

/** Has a node join the cluster of another one as soon as it finds it. */
function joining(other: string): readonly string[] {
  return [
    'cluster_formation.peer_discovery_backend = classic_config',
    `cluster_formation.classic_config.nodes.1 = ${other}`,
    `cluster_formation.discovery_retry_interval = ${RETRY_MS}`,
    `cluster_formation.discovery_retry_limit = ${RETRIES}`,
  ];
}

/**
 * Creates the nodes. Each has a port mapper of its own, which sends it to its own proxies. All boot at once, but one
 * joins the next, and finds it only when that is up: else nodes would wait for each other's locks, or join what is half
 * made.
 */
async function createNodes(
  plans: readonly Plan[],
  mesh: Mesh,
  { partitionHandling = 'pause_minority', ...options }: RabbitClusterOptions,
): Promise<{ nodes: readonly RabbitNode[]; up: Set<string> }> {
  const directory: NodeDirectory = new Map();
  const up = new Set<string>();
  const cookie = randomUUID();
  const nodes: RabbitNode[] = [];
  for (const { name, amqp, port: dist } of plans) {
    const mapper = await startPortMapper({
      directory,
      route: (shortName, port) => {
        const peer = `${shortName}@localhost`;
        const road = mesh.portBetween(name, peer);
        if (road === undefined) return port;
        return up.has(peer) ? road : undefined;
      },
    });
    const joined = nodes.at(-1);
    const config = [
      `cluster_partition_handling = ${partitionHandling}`,
      ...(joined === undefined ? [] : joining(joined.name)),
      ...(options.config ?? []),
    ];
    const ports = { amqp, dist };
    nodes.push(await createNode({ ...options, config }, { name, cookie, ports, mapper }));
  }
  return { nodes, up };
}

/**
 * Starts private RabbitMQ nodes on free ports of 127.0.0.1 that form one cluster, and waits until it is whole. It lives
 * until it is disposed or until this process ends, however that happens. Nodes reach each other through this process,
 * so it must not block for long.
 *
 * @example
 * await using cluster = await startRabbitCluster();
 * const connection = await connect(cluster.urls);
 * await cluster.killLeaderOf('orders');
 *
 * @throws TestkitError when RabbitMQ is not installed or a node does not come up in time.
 */
export function startRabbitCluster(options: RabbitClusterOptions = {}): Promise<RabbitCluster> {
  return onFreePorts(async () => {
    const plans = await planNodes(options.size ?? 3);
    const mesh = await Mesh.open(plans);
    const { nodes, up } = await createNodes(plans, mesh, options);
    const cluster = new RabbitCluster(nodes, mesh);
    const boots = nodes.map(async (node) => {
      await node.start();
      up.add(node.name);
    });
    try {
      await Promise.all(boots);
      await cluster.untilWhole();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      await Promise.allSettled(boots);
      throw error;
    }
  });
}

import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type AmqpConnection, openConnection } from '../amqp/connection.ts';
import type { RabbitCluster } from './cluster.ts';
import { findRabbitServer } from './find.ts';
import type { RabbitNode } from './node.ts';
import { nothingLeft } from './processes.fixture.ts';
import { startRabbitCluster } from './start-cluster.ts';

const BOOTS_MS = 120_000;
const SOON = { timeout: 20_000 };
const QUEUE = 'quorum "queue"';

let cluster: RabbitCluster;

async function client(node: RabbitNode | undefined): Promise<AmqpConnection> {
  const connection = await openConnection(node?.url ?? '');
  onTestFinished(() => connection[Symbol.asyncDispose]());
  return connection;
}

/** Whether a node lets a client in. */
async function takesClients(node: RabbitNode | undefined): Promise<boolean> {
  try {
    await using _ = await openConnection(node?.url ?? '');
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(findRabbitServer() === undefined)('a private RabbitMQ cluster', () => {
  beforeAll(async () => {
    const plugins = ['rabbitmq_consistent_hash_exchange'];
    cluster = await startRabbitCluster({ plugins, config: ['channel_max = 77'] });
  }, BOOTS_MS);

  afterAll(() => cluster?.[Symbol.asyncDispose]());

  test('is one: each node knows all of them, and has the settings and plugins', async () => {
    expect(cluster.urls).toEqual(cluster.nodes.map(({ url }) => url));
    expect(await cluster.isWhole()).toBe(true);
    for (const node of cluster.nodes) {
      expect(await node.erlang('lists:sort(rabbit_mnesia:cluster_nodes(running)).')).toBe(
        "['leveret-1@localhost', 'leveret-2@localhost', 'leveret-3@localhost']",
      );
      expect((await client(node)).tune.channelMax).toBe(77);
      expect(await node.erlang('rabbit_plugins:active().')).toContain('consistent_hash');
    }
  });

  test('answers rabbitmqctl for all of its nodes', async () => {
    const [first] = cluster.nodes;
    const channel = await (await client(cluster.nodes[2])).channel();
    await channel.call('queue.declare', { queue: 'on three', durable: true });
    const listed = await first?.ctl('list_queues', 'name', 'pid');
    expect(listed).toMatch(/on three\t<leveret-3@localhost/);
  });

  test('blocks who publishes at any node by the memory alarm of one, until that ends', async () => {
    const connection = await client(cluster.nodes[0]);
    const channel = await connection.channel();
    const events = connection.socket.channel(0);
    await cluster.nodes[1]?.block();
    await expect
      .poll(() => cluster.nodes[0]?.erlang('length(rabbit_alarm:get_alarms()).'), SOON)
      .toBe('1');
    channel.publish({ routingKey: 'nowhere' });
    await events.next('connection.blocked');
    await cluster.nodes[1]?.unblock();
    await events.next('connection.unblocked');
  });

  test('has another leader for a quorum queue, with its messages, when its leader is killed', {
    timeout: BOOTS_MS,
  }, async () => {
    const channel = await (await client(cluster.nodes[0])).channel();
    const table = { 'x-queue-type': 'quorum' };
    await channel.call('queue.declare', { queue: QUEUE, durable: true, arguments: table });
    await channel.call('confirm.select');
    channel.publish({ routingKey: QUEUE, body: 'kept' });
    await channel.next('basic.ack');

    const killed = await cluster.killLeaderOf(QUEUE);
    expect(killed.isDown).toBe(true);
    expect(await cluster.isWhole()).toBe(false);
    const leader = await cluster.leaderOf(QUEUE);
    expect(leader).not.toBe(killed);
    const other = await (await client(leader)).channel();
    expect((await other.get(QUEUE))?.text).toBe('kept');
    await cluster.startAll();
    expect(killed.isDown).toBe(false);
  });

  test('has a node that is cut off take no clients until it is healed', {
    timeout: BOOTS_MS,
  }, async () => {
    const [minority, ...majority] = cluster.nodes;
    if (minority === undefined) return;
    cluster.partition([minority], majority);
    await expect.poll(() => takesClients(minority), SOON).toBe(false);
    expect(majority).toContain(await cluster.leaderOf(QUEUE));
    expect(await takesClients(majority[0])).toBe(true);
    cluster.heal();
    await cluster.untilWhole();
    expect(await takesClients(minority)).toBe(true);
  });

  test('has no leader when its majority is killed, until all nodes are started', {
    timeout: BOOTS_MS,
  }, async () => {
    expect(await cluster.killMajority()).toEqual(cluster.nodes.slice(1));
    await expect(cluster.leaderOf(QUEUE)).rejects.toThrow('no leader');
    await expect(cluster.untilWhole(1)).rejects.toThrow('a cluster that is whole');
    await cluster.startAll();
    expect(cluster.nodes).toContain(await cluster.leaderOf(QUEUE));
  });

  test('leaves nothing behind', { timeout: BOOTS_MS }, async () => {
    await cluster[Symbol.asyncDispose]();
    for (const { dataDir } of cluster.nodes) {
      await nothingLeft(dataDir);
      expect(existsSync(dataDir)).toBe(false);
    }
  });
});

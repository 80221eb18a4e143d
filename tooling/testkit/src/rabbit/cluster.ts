import { setTimeout as pause } from 'node:timers/promises';
import { deadline } from '../deadline.ts';
import { TestkitError } from '../errors.ts';
import type { Mesh, PartitionOptions } from './mesh.ts';
import type { RabbitNode } from './node.ts';

const POLL_MS = 100;
const WHOLE_TIMEOUT_MS = 60_000;
const LEADER_TIMEOUT_MS = 5_000;
/** A node that still sends queries to a leader that is gone answers none; another one may know better. */
const QUERY_TIMEOUT_MS = 500;

/** What a node says of its cluster: whether it takes clients, how many nodes run, how many it is partitioned from. */
const VIEW =
  '{rabbit:is_running(), length(rabbit_mnesia:cluster_nodes(running)), length(rabbit_node_monitor:partitions())}.';

/** Private RabbitMQ nodes on 127.0.0.1 that form one cluster. They end with the process that started them. */
export class RabbitCluster implements AsyncDisposable {
  /** All nodes, up or down. */
  readonly nodes: readonly RabbitNode[];
  /** The addresses of all nodes, for clients. They stay the same over restarts. */
  readonly urls: readonly string[];
  readonly #mesh: Mesh;

  /** Takes over nodes and what lies between them. Tests call `startRabbitCluster` instead. */
  constructor(nodes: readonly RabbitNode[], mesh: Mesh) {
    this.nodes = nodes;
    this.urls = nodes.map(({ url }) => url);
    this.#mesh = mesh;
  }

  /**
   * The node that leads a quorum queue, has its majority and is in the queue's record, by which requests of clients find
   * it: between the election and the record they are refused with 541. Takes about 40 ms, or as long as an election does
   * that is under way.
   *
   * @throws TestkitError when there is none within 5 s: the majority is down, or this is no quorum queue.
   */
  async leaderOf(queue: string, vhost: string = '/'): Promise<RabbitNode> {
    const query = leaderQuery(queue, vhost);
    const askOne = async (node: RabbitNode): Promise<RabbitNode> => {
      const answer = await node.erlang(query);
      const leader = this.nodes.find(({ name }) => answer === `{leader, '${name}'}`);
      if (leader === undefined) throw new TestkitError(`${node.name} knows of none: ${answer}`);
      return leader;
    };
    let cause: unknown;
    // All are asked at once, for some may be frozen or gone.
    const ask = (): Promise<RabbitNode | undefined> =>
      Promise.any(this.nodes.map(askOne)).catch((errors: unknown) => {
        cause = errors;
        return undefined;
      });
    try {
      return await until(ask, LEADER_TIMEOUT_MS, 'the election of a leader');
    } catch (timeout) {
      throw new TestkitError(`the queue ${queue} has no leader`, { cause: cause ?? timeout });
    }
  }

  /**
   * Kills the node that leads a quorum queue, as a power cut would, and returns it.
   *
   * @throws TestkitError as `leaderOf` does.
   */
  async killLeaderOf(queue: string, vhost: string = '/'): Promise<RabbitNode> {
    const leader = await this.leaderOf(queue, vhost);
    await leader.kill();
    return leader;
  }

  /** Kills just so many of the last nodes that those left are no majority; returns the killed ones. */
  async killMajority(): Promise<readonly RabbitNode[]> {
    const killed = this.nodes.slice(Math.floor(this.nodes.length / 2));
    await Promise.all(killed.map((node) => node.kill()));
    return killed;
  }

  /**
   * Starts all nodes that are down and waits until the cluster is whole. All at once: a node that was not the last to
   * go waits for the others when it boots.
   *
   * @throws TestkitError when a node does not come up, or the cluster is not whole in time.
   */
  async startAll(): Promise<void> {
    const down = this.nodes.filter(({ isDown }) => isDown);
    await Promise.all(down.map((node) => node.start()));
    await this.untilWhole();
  }

  /** Whether all nodes run, take clients, see each other and know of no partition. */
  async isWhole(): Promise<boolean> {
    const expected = `{true, ${this.nodes.length}, 0}`;
    const views = await Promise.all(this.nodes.map((node) => node.erlang(VIEW).catch(() => '')));
    return views.every((view) => view === expected);
  }

  /**
   * Waits until `isWhole`, a minute unless `ms` says otherwise.
   *
   * @throws TestkitError when the time is up first.
   */
  async untilWhole(ms: number = WHOLE_TIMEOUT_MS): Promise<void> {
    const whole = async (): Promise<true | undefined> => (await this.isWhole()) || undefined;
    await until(whole, ms, 'a cluster that is whole');
  }

  /**
   * Keeps the nodes of two groups from reaching each other; clients still reach both. Connections between them are
   * reset and new ones refused, which nodes see at once. With `frozen`, they stay open in silence, which nodes see only
   * after Erlang's `net_ticktime`, a minute unless configured.
   */
  partition(
    groupA: readonly RabbitNode[],
    groupB: readonly RabbitNode[],
    options: PartitionOptions = {},
  ): void {
    const names = (group: readonly RabbitNode[]): readonly string[] =>
      group.map(({ name }) => name);
    this.#mesh.partition(names(groupA), names(groupB), options);
  }

  /**
   * Lets all nodes reach each other again. Those that paused as a minority come back by themselves. With partition
   * handling `ignore` the cluster stays partitioned until the nodes of one side are restarted, as in production.
   */
  heal(): void {
    this.#mesh.heal();
  }

  /** Kills all nodes and deletes their data. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
    await this.#mesh[Symbol.asyncDispose]();
  }
}

/** Tries again and again, until an attempt gives a value or the time is up. */
async function until<T>(
  attempt: () => Promise<T | undefined>,
  ms: number,
  label: string,
): Promise<T> {
  const giveUp = new AbortController();
  const { signal } = giveUp;
  const trying = async (): Promise<T> => {
    for (;;) {
      const value = await attempt();
      if (value !== undefined) return value;
      await pause(POLL_MS, undefined, { signal });
    }
  };
  try {
    return await deadline(trying(), ms, label);
  } finally {
    giveUp.abort();
  }
}

/** Erlang that asks a node whether it leads a queue, by its own record and by the majority. Names travel as bytes, so no character needs escaping. */
function leaderQuery(queue: string, vhost: string): string {
  const binary = (text: string): string => `<<${[...Buffer.from(text)].join(',')}>>`;
  return `
    {ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(${binary(vhost)}, queue, ${binary(queue)})),
    {Name, Recorded} = amqqueue:get_pid(Queue),
    Members = [{Name, Node} || Node <- rabbit_mnesia:cluster_nodes(running)],
    case ra:consistent_query(Members, fun erlang:is_tuple/1, ${QUERY_TIMEOUT_MS}) of
      {ok, _, {_, Recorded}} when Recorded =:= node() -> {leader, Recorded};
      Other -> Other
    end.`;
}

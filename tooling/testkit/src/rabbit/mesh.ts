import { startTcpProxy, type TcpProxy } from '../proxy/tcp-proxy.ts';

/** A node as others reach it. */
export interface MeshMember {
  readonly name: string;
  /** Where it takes connections of other nodes. */
  readonly port: number;
}

/** What a partition does to the connections between nodes. */
export interface PartitionOptions {
  /** Nothing passes, but connections stay open; otherwise they are reset, and new ones are refused. */
  readonly frozen?: boolean;
}

/** What leads from one node to another. */
interface Road {
  readonly from: string;
  readonly to: string;
  readonly proxy: TcpProxy;
}

/** The network between the nodes of a cluster: a proxy for each node and each other node that it connects to. */
export class Mesh implements AsyncDisposable {
  readonly #roads: readonly Road[];

  private constructor(roads: readonly Road[]) {
    this.#roads = roads;
  }

  /** Opens the proxies between nodes, which need not run yet. */
  static async open(members: readonly MeshMember[]): Promise<Mesh> {
    const roads: Road[] = [];
    for (const from of members) {
      for (const to of members) {
        if (from === to) continue;
        const proxy = await startTcpProxy({ host: '127.0.0.1', port: to.port });
        roads.push({ from: from.name, to: to.name, proxy });
      }
    }
    return new Mesh(roads);
  }

  /** The port at which `from` reaches `to`, or undefined when they are not two nodes of this mesh. */
  portBetween(from: string, to: string): number | undefined {
    return this.#roads.find((road) => road.from === from && road.to === to)?.proxy.port;
  }

  /** Keeps the nodes of two groups from reaching each other, in both directions. */
  partition(
    groupA: readonly string[],
    groupB: readonly string[],
    { frozen = false }: PartitionOptions = {},
  ): void {
    const crosses = ({ from, to }: Road): boolean =>
      (groupA.includes(from) && groupB.includes(to)) ||
      (groupB.includes(from) && groupA.includes(to));
    for (const { proxy } of this.#roads.filter(crosses)) {
      if (frozen) {
        proxy.freeze();
      } else {
        proxy.refuse();
        proxy.cut({ reset: true });
      }
    }
  }

  /** Ends all partitions. */
  heal(): void {
    for (const { proxy } of this.#roads) proxy.heal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#roads.map(({ proxy }) => proxy.close()));
  }
}

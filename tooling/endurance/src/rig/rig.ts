import type { TcpProxy } from '@leveret/testkit';
import type { Random } from './random.ts';

/** Something that can be done to a broker, and that ends by itself. */
export interface BrokerFault {
  readonly kind: string;
  /** How likely it is beside others. */
  readonly weight: number;
  /** Does it, and resolves when it is over. */
  run(random: Random): Promise<void>;
}

/** A broker of its own for one run, with a proxy before each of its nodes. */
export interface Rig extends AsyncDisposable {
  /** What it is, for the report. */
  readonly name: string;
  /** Addresses through the proxies, for the clients. */
  readonly urls: readonly string[];
  readonly proxies: readonly TcpProxy[];
  /** Whether the queues are quorum queues. */
  readonly quorum: boolean;
  /** What else can be done to it. */
  readonly faults: readonly BrokerFault[];
  /** How many messages are in a queue, handed out or not. */
  messagesIn(queue: string): Promise<number>;
  /** Has what was declared survive a kill. */
  sync(): Promise<void>;
  /** Ends the broker, or the node that leads the queue, as a power cut would. */
  kill(queue: string): Promise<void>;
  /** Starts what was killed; resolves once it takes connections, a cluster once it is whole. */
  start(): Promise<void>;
}

import type { AmqpChannel } from '../../amqp/channel.ts';
import type { AmqpConnection } from '../../amqp/connection.ts';
import type { AmqpSocket } from '../../amqp/socket.ts';
import { Bench } from './bench.ts';
import type { BrokerProfile } from './profile.ts';

/** One check: a title that states a behaviour, and what rejects where the broker lacks it. */
export interface BrokerCase {
  /** What the broker is held to, its area in front. */
  readonly title: string;
  /** Rejects with an error that says what was expected and what arrived. */
  run(): Promise<void>;
}

/** What a case may need of the broker under test. */
export interface BrokerConformanceOptions {
  /** Called when a case runs, where it is not known before. */
  readonly profile: BrokerProfile | (() => BrokerProfile);
}

/** Makes the cases of one area. What a case opens is closed behind it. */
export interface Suite {
  /** A case that starts with a socket on which nothing has been said. */
  onSocket(title: string, run: (socket: AmqpSocket, bench: Bench) => Promise<void>): BrokerCase;
  /** A case that starts with an open connection. */
  onConnection(
    title: string,
    run: (connection: AmqpConnection, bench: Bench) => Promise<void>,
  ): BrokerCase;
  /** A case that starts with an open channel. */
  onChannel(title: string, run: (channel: AmqpChannel, bench: Bench) => Promise<void>): BrokerCase;
}

/** Fills in the suite of an area, such as `queues`, for the broker of `getUrl`. */
export function suiteOf(
  area: string,
  getUrl: () => string,
  { profile }: BrokerConformanceOptions,
): Suite {
  const onBench = (title: string, use: (bench: Bench) => Promise<void>): BrokerCase => ({
    title: `${area}: ${title}`,
    run: async () => {
      await using bench = new Bench(getUrl(), typeof profile === 'function' ? profile() : profile);
      await use(bench);
    },
  });
  return {
    onSocket: (title, run) => onBench(title, async (bench) => run(await bench.socket(), bench)),
    onConnection: (title, run) =>
      onBench(title, async (bench) => run(await bench.connect(), bench)),
    onChannel: (title, run) => onBench(title, async (bench) => run(await bench.channel(), bench)),
  };
}

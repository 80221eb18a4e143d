import { AmqpError } from '../base/amqp-error.ts';
import { systemClock } from '../base/clock.ts';
import { type Profile, profiles } from '../base/profile.ts';
import { Access } from '../model/access.ts';
import { BrokerModel } from '../model/broker-model.ts';
import { Budget } from '../model/budget.ts';
import type { BrokerContext } from '../protocol/broker-context.ts';
import { DirectReplies } from '../protocol/direct-replies.ts';
import type { FaultPlan } from '../protocol/fault-plan.ts';
import { noTraffic, type Traffic } from '../protocol/traffic.ts';
import { Faults } from './faults.ts';
import { type BrokerState, inspectBroker, type QueueInfo } from './inspect.ts';
import { type BrokerConfig, type BrokerOptions, brokerConfig } from './options.ts';
import { ResourceAlarm } from './resource-alarm.ts';
import { Server } from './server.ts';
import { Waiting, type WaitOptions } from './waiting.ts';

/** How long a client may take from connecting to `connection.open`, in milliseconds; RabbitMQ's `handshake_timeout`. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The parts of a broker that have no socket. */
interface Parts {
  readonly model: BrokerModel;
  readonly traffic: Traffic;
  readonly plan: FaultPlan;
  readonly waiting: Waiting;
}

/** A broker that runs in this process. `startBroker` makes one. */
export class Broker implements AsyncDisposable {
  /**
   * Address for clients, with the first of the users, such as `amqp://guest:guest@127.0.0.1:5672`. It leads to the
   * virtual host `/`, or to the first one where there is no `/`.
   */
  readonly url: string;
  /** The address that it listens on. */
  readonly host: string;
  /** The port that it listens on, also where any free one was asked for. */
  readonly port: number;
  /** The version of RabbitMQ that it behaves like. */
  readonly profile: Profile;
  /** Things that go wrong on purpose. */
  readonly faults: Faults;
  readonly #server: Server;
  readonly #parts: Parts;

  private constructor(config: BrokerConfig, server: Server, parts: Parts, faults: Faults) {
    this.host = config.host;
    this.port = server.port;
    this.profile = config.profile;
    this.url = brokerUrl(config, server.port);
    this.faults = faults;
    this.#server = server;
    this.#parts = parts;
  }

  /** @internal */
  static async start(config: BrokerConfig): Promise<Broker> {
    const { clock, limits, vhosts } = config;
    const model = new BrokerModel(
      {
        clock,
        rules: profiles[config.profile],
        access: new Access(config.users),
        budget: new Budget(limits.memory),
        maxQueues: limits.queues,
      },
      vhosts,
    );
    const plan: FaultPlan = { confirms: { kind: 'none' } };
    const traffic = noTraffic();
    const alarm = new ResourceAlarm(model.budget, () => {
      for (const { connection } of server.clients) connection.alarm(alarm.reason);
    });
    const context = contextOf(config, {
      model,
      plan,
      traffic,
      alarm,
      openCount: () => server.openCount,
    });
    const server = await Server.listen(context, config);
    const waiting = new Waiting((name) => model.findVirtualHost(name));
    const faults = new Faults(server, model, plan, alarm);
    return new Broker(config, server, { model, traffic, plan, waiting }, faults);
  }

  /** A picture of the broker: connections, queues with depth, unacked and consumers, exchanges, bindings, traffic. */
  inspect(): BrokerState {
    const { model, traffic } = this.#parts;
    return inspectBroker(model, this.#server.clients, traffic);
  }

  /**
   * Resolves once a queue exists and the predicate is true of it; rejects with what the predicate throws.
   *
   * @example
   * await broker.untilQueue('jobs', ({ ready }) => ready === 3);
   *
   * @throws BrokerError `TIMEOUT`, `CLOSED`, or `INVALID_ARGUMENT` for an unknown virtual host
   */
  untilQueue(
    name: string,
    predicate: (queue: QueueInfo) => boolean,
    options: WaitOptions = {},
  ): Promise<QueueInfo> {
    return this.#parts.waiting.until(
      name,
      'did not come to what was waited for',
      predicate,
      options,
    );
  }

  /** Resolves once a queue exists and holds nothing, neither waiting nor unsettled. Throws as `untilQueue`. */
  untilEmpty(name: string, options: WaitOptions = {}): Promise<QueueInfo> {
    return this.#parts.waiting.until(
      name,
      'did not get empty',
      ({ ready, unacked }) => ready === 0 && unacked === 0,
      options,
    );
  }

  /** Resolves once a queue exists and has a consumer. Throws as `untilQueue`. */
  untilConsumer(name: string, options: WaitOptions = {}): Promise<QueueInfo> {
    return this.#parts.waiting.until(
      name,
      'did not get a consumer',
      ({ consumers }) => consumers.length > 0,
      options,
    );
  }

  /**
   * Tells clients that the broker shuts down, closes every socket and stops every timer. `inspect()` still shows what was
   * left. Safe to call twice.
   */
  async close(): Promise<void> {
    this.#parts.waiting.close();
    await this.#server.close();
    this.#parts.model.dispose();
  }

  /** Same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Starts a broker for tests and development. It keeps nothing on disk and listens on the loopback interface unless told
 * otherwise.
 *
 * @example
 * await using broker = await startBroker();
 * const connection = await connect(broker.url);
 *
 * @throws BrokerError `INVALID_ARGUMENT`, `LISTEN_FAILED`
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  return Broker.start(brokerConfig(options));
}

function brokerUrl({ users, vhosts, host, tls }: BrokerConfig, port: number): string {
  const [user] = users;
  const login = user && `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}@`;
  const reachable = reachableAddress(host);
  const address = reachable.includes(':') ? `[${reachable}]` : reachable;
  const [first = '/'] = vhosts;
  const path = vhosts.includes('/') ? '' : `/${encodeURIComponent(first)}`;
  return `${tls === undefined ? 'amqp' : 'amqps'}://${login ?? ''}${address}:${port}${path}`;
}

/** Of all addresses, that of this machine. */
function reachableAddress(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

interface ContextParts {
  readonly model: BrokerModel;
  readonly plan: FaultPlan;
  readonly traffic: Traffic;
  readonly alarm: ResourceAlarm;
  openCount(): number;
}

function contextOf(
  { limits, heartbeat }: BrokerConfig,
  { model, plan, traffic, alarm, openCount }: ContextParts,
): BrokerContext {
  return {
    model,
    // Clients live in real time, however fast a test turns the clock of the broker.
    linkClock: systemClock,
    limits: {
      channelMax: limits.channels,
      frameMax: limits.frameSize,
      heartbeat,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxMessageSize: limits.messageSize,
    },
    replies: new DirectReplies(),
    faults: plan,
    traffic,
    get alarm() {
      return alarm.reason;
    },
    admit: () => {
      if (openCount() < limits.connections) return;
      throw new AmqpError(530, `connection refused: limit of ${limits.connections} is reached`);
    },
  };
}

import { type ChannelOptions, channelConfig } from '../channel/options.ts';
import { Session, type SessionHost } from '../channel/session.ts';
import {
  type ConnectionConfig,
  type ConnectionOptions,
  type ConnectTarget,
  connectionConfig,
  duration,
} from '../connection/options.ts';
import { Outages } from '../connection/outages.ts';
import { type ConnectionStatus, Supervisor } from '../connection/supervisor.ts';
import { Diagnostics, type EventCounters } from '../diagnostics/diagnostics.ts';
import type { LeveretEvent } from '../diagnostics/events.ts';
import type { Driver } from '../driver/driver.ts';
import { rabbitmqClientDriver } from '../driver/rabbitmq-client/driver.ts';
import { describe, LeveretError } from '../errors/leveret-error.ts';
import { systemClock } from '../internal/clock.ts';
import { deferred } from '../internal/deferred.ts';
import type { Unsubscribe } from '../internal/emitter.ts';
import { checkOptions } from '../internal/options.ts';
import type { MessageLimits } from '../message/check-message.ts';
import type { HeaderTable } from '../message/message.ts';
import { checkName } from '../topology/names.ts';
import { Channel } from './channel.ts';

/** What a connection tells its listeners, by name. */
export interface ConnectionEvents {
  /** Each change of status. */
  readonly status: ConnectionStatus;
  /** Something that nobody need await happened. */
  readonly event: LeveretEvent;
}

/** How a connection is doing; fit for the probes of Kubernetes. */
export interface ConnectionHealth {
  /** False once it is closed, on purpose or for good: it does not come back. One that reconnects is live. */
  readonly live: boolean;
  /** Whether it is connected. Not while it is `blocked`, since what is published has to wait then. */
  readonly ready: boolean;
  /** What it is doing at present. */
  readonly status: ConnectionStatus;
}

/** Bytes of a frame with a secret besides it: what is around the payload, the method, a length, the reason. */
const SECRET_OVERHEAD = 8 + 4 + 4 + 256;

/** How a secret is replaced. */
export interface UpdateSecretOptions {
  /** Why, for the log of the broker: at most 255 bytes. Default: none. */
  readonly reason?: string;
  /** Milliseconds until the broker must have answered. Default: `operationTimeout` of the connection. */
  readonly timeout?: number;
}

/** What a connection is made of. */
interface ConnectionParts {
  readonly supervisor: Supervisor;
  readonly config: ConnectionConfig;
  readonly driver: Driver;
  readonly diagnostics: Diagnostics;
  readonly outages: Outages;
}

/**
 * A connection that recovers: after any loss it reconnects, with exponential backoff and full jitter, in
 * turn over the hosts given, and its channels come back with everything on them.
 */
export class Connection {
  readonly #supervisor: Supervisor;
  readonly #config: ConnectionConfig;
  readonly #driver: Driver;
  readonly #diagnostics: Diagnostics;
  readonly #outages: Outages;
  readonly #sessions = new Set<Session>();
  readonly #ended = deferred<LeveretError | undefined>();
  readonly #host: SessionHost;
  #channels = 0;
  #closing: Promise<void> | undefined;
  #known: MessageLimits | undefined;

  private constructor(parts: ConnectionParts) {
    const { supervisor, config } = parts;
    this.#supervisor = supervisor;
    this.#config = config;
    this.#driver = parts.driver;
    this.#diagnostics = parts.diagnostics;
    this.#outages = parts.outages;
    this.#host = {
      clock: systemClock,
      operationTimeout: config.operationTimeout,
      closeTimeout: config.closeTimeout,
      backoff: config.backoff,
      reporter: parts.outages,
      status: () => supervisor.status,
      join: (member) => supervisor.join(member),
      leave: (member) => supervisor.leave(member),
    };
    supervisor.changes.add(() => this.#look());
    this.#look(); // it may be over already
  }

  /** @internal */
  static make(parts: ConnectionParts): Connection {
    return new Connection(parts);
  }

  /**
   * Resolves once it is over: with `undefined` where it was closed on purpose, else with the reason why it does not
   * come back.
   */
  get ended(): Promise<LeveretError | undefined> {
    return this.#ended.promise;
  }

  /** What it is doing at present. */
  get status(): ConnectionStatus {
    return this.#supervisor.status;
  }

  /** How often each type of event happened since it was made, for metrics; see {@link eventTypes}. */
  get counters(): EventCounters {
    return this.#diagnostics.counters;
  }

  /**
   * How it is doing at present, for the probes of Kubernetes: `live` for a liveness probe, which restarts the process,
   * `ready` for a readiness probe, which keeps requests away.
   *
   * @example
   * ```ts
   * response.writeHead(connection.health().ready ? 200 : 503).end()
   * ```
   */
  health(): ConnectionHealth {
    const { status } = this;
    return { live: status.state !== 'closed', ready: status.state === 'connected', status };
  }

  /**
   * What the broker says of itself: product, version, capabilities, cluster name. That of the last connection while there is none;
   * `undefined` with the default driver, which does not tell.
   */
  get serverProperties(): HeaderTable | undefined {
    return this.#supervisor.serverProperties;
  }

  /**
   * Gives the broker another secret of the same user for the connection that is there, such as a fresh OAuth 2 token before the
   * old one expires. Later connections ask `credentials` anew, so give a function there, too. RabbitMQ looks at it only where
   * secrets can expire: for users that it keeps itself any is taken.
   *
   * Errors: `INVALID_ARGUMENT`, `CONNECTION_LOST` (there is no connection, or it went meanwhile: the next one has its secret from
   * `credentials`), `TIMEOUT` (another connection takes the place of this one), `CLOSED`. Where the broker does not accept it, it closes the connection, which then comes back:
   * `NOT_ALLOWED` with RabbitMQ, else `ACCESS_REFUSED` or `REFUSED` by what it says.
   *
   * @example
   * ```ts
   * setInterval(async () => {
   *   try {
   *     await connection.updateSecret(await tokens.fresh())
   *   } catch (error) {
   *     log.warn(error)
   *   }
   * }, 15 * 60_000)
   * ```
   */
  async updateSecret(secret: string, options: UpdateSecretOptions = {}): Promise<void> {
    checkOptions(options);
    const { reason = '' } = options;
    const timeout = duration('timeout', options.timeout, this.#config.operationTimeout);
    if (typeof secret !== 'string')
      throw new LeveretError(
        'INVALID_ARGUMENT',
        `secret must be a string, not ${describe(secret)}`,
      );
    const most = this.#supervisor.frameMax - SECRET_OVERHEAD;
    if (Buffer.byteLength(secret) > most)
      throw new LeveretError('INVALID_ARGUMENT', `secret must have at most ${most} bytes`);
    checkName('reason', reason);
    await this.#supervisor.updateSecret(secret, reason, timeout);
  }

  /**
   * Calls `listener` for each record of that name; gives the function that takes it off again.
   *
   * @example
   * ```ts
   * connection.on('status', (status) => log.info(status, 'rabbitmq'))
   * connection.on('event', (event) => log.debug(event, 'rabbitmq'))
   * ```
   */
  on<K extends keyof ConnectionEvents>(
    name: K,
    listener: (record: ConnectionEvents[K]) => void,
  ): Unsubscribe;
  on(
    ...[name, listener]:
      | ['status', (record: ConnectionStatus) => void]
      | ['event', (record: LeveretEvent) => void]
  ): Unsubscribe {
    if (name === 'status') return this.#supervisor.changes.add(listener);
    if (name === 'event') return this.#diagnostics.listeners.add(listener);
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `name must be "status" or "event", not ${describe(name)}`,
    );
  }

  /** Opens a channel. Errors: `INVALID_ARGUMENT`, `TIMEOUT`, `CLOSED`. */
  async channel(options: ChannelOptions = {}): Promise<Channel> {
    const config = channelConfig(options);
    if (this.#closing) throw new LeveretError('CLOSED', 'the connection is closed');
    const session = new Session(++this.#channels, this.#host, config);
    this.#sessions.add(session);
    session.changes.add((status) => {
      if (status.state === 'closed') this.#sessions.delete(session);
      this.#look();
    });
    try {
      await session.open();
    } catch (error) {
      await session.close();
      throw error;
    }
    return Channel.make(session, () => this.#limits());
  }

  /**
   * Closes its channels (consumers drain, publishes are waited for), then says goodbye to the broker. Always
   * resolves within the timeouts given; calling it again is harmless.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const sessions = [...this.#sessions];
    const { clock, closeTimeout } = this.#host;
    const closeBy = clock.now() + closeTimeout;
    await Promise.all(sessions.map((session) => session.close()));
    const last = Math.max(closeBy, ...sessions.map((session) => session.closeBy));
    await this.#supervisor.close(Math.max(0, last - clock.now()));
  }

  /** Looks whether it is over for good, or an outage is: when the connection is there, and nothing recovers any more. */
  #look(): void {
    const { status } = this.#supervisor;
    if (status.state === 'closed') this.#ended.resolve(status.cause);
    if (status.state !== 'connected' && status.state !== 'blocked') return;
    for (const session of this.#sessions) if (session.status.state === 'recovering') return;
    this.#outages.whole(status);
  }

  /** One object as long as nothing of it changes: every publish looks at it. */
  #limits(): MessageLimits {
    const { frameMax, username } = this.#supervisor;
    const { headers, arguments: table } = this.#driver;
    if (this.#known?.frameMax === frameMax && this.#known.username === username) return this.#known;
    const { maxMessageSize } = this.#config;
    this.#known = { frameMax, maxMessageSize, username, headers, arguments: table };
    return this.#known;
  }
}

/**
 * Connects to a broker, or to one of several: a URL, URLs, or options. Resolves once connected.
 *
 * Errors: `INVALID_ARGUMENT` (a bad URL or option), `ACCESS_REFUSED` (wrong credentials), `NOT_ALLOWED` (an
 * unknown vhost) at once; a refused port or an unresolved name is tried again until `connectTimeout`, then
 * `TIMEOUT` with the last failure as its cause. With `recover: false` the first failure is final.
 *
 * @example
 * ```ts
 * await using connection = await connect('amqp://guest:guest@localhost/')
 * await using channel = await connection.channel()
 * ```
 */
export async function connect(
  target: ConnectTarget = {},
  options: ConnectionOptions = {},
): Promise<Connection> {
  if (typeof target !== 'string' && !Array.isArray(target)) checkOptions(target, 'target');
  checkOptions(options);
  const config = connectionConfig(target, options);
  const driver = options.driver ?? driverOf(target) ?? rabbitmqClientDriver;
  const diagnostics = new Diagnostics(config.name, config.logger);
  const outages = new Outages(diagnostics, systemClock);
  const supervisor = new Supervisor(config, driver, systemClock, outages);
  await supervisor.open();
  return Connection.make({ supervisor, config, driver, diagnostics, outages });
}

function driverOf(target: ConnectTarget): Driver | undefined {
  return typeof target === 'object' && 'driver' in target ? target.driver : undefined;
}

import { totalmem } from 'node:os';
import type { TlsOptions } from 'node:tls';
import { BrokerError } from '../base/broker-error.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Profile, profiles } from '../base/profile.ts';
import { type Grant, guest, type UserSpec } from '../model/access.ts';

/** Bounds on what clients may use. What is left out has the default that is named. */
export interface BrokerLimits {
  /** Connections at a time; 10,000 unless given. One more is refused with 530. */
  readonly connections?: number;
  /** Channels of a connection, 1 to 65,535; 2,047 unless given, as in RabbitMQ. One more closes the connection with 530. */
  readonly channels?: number;
  /** Queues of a virtual host; 100,000 unless given. One more is refused with 406. */
  readonly queues?: number;
  /** The largest body, in bytes; that of the profile unless given. A larger one is refused with 406. */
  readonly messageSize?: number;
  /** The largest frame, in bytes, from 8,192; 131,072 unless given, as in RabbitMQ. */
  readonly frameSize?: number;
  /**
   * Bytes that the messages of all queues may hold together; 40% of the machine's memory unless given, as in RabbitMQ
   * (https://www.rabbitmq.com/docs/memory), but at most 2 GiB. Beyond it publishers are blocked until
   * consumers have made room, and clients are told by `connection.blocked`. A message counts with its body, its
   * properties and 512 bytes, in each queue that it lies in. What a transaction holds counts as well; bodies that have
   * not arrived whole do not.
   */
  readonly memory?: number;
}

/** How `startBroker` sets a broker up. */
export interface BrokerOptions {
  /** The TCP port; 0, the default, is any free one. */
  readonly port?: number;
  /**
   * The address to listen on; `127.0.0.1` unless given, and `::1` where there is IPv6. Anybody who reaches another one
   * reaches the broker.
   */
  readonly host?: string;
  /** The version of RabbitMQ to behave like, where versions differ; `'4.0'` unless given. */
  readonly profile?: Profile;
  /** Who may log in; `guest` with the password `guest` and all permissions unless given. */
  readonly users?: readonly UserSpec[];
  /** Virtual hosts; `/` alone unless given. */
  readonly vhosts?: readonly string[];
  /**
   * Time for whatever expires: messages, queues, delayed confirms. The machine's clock unless given; a `ManualClock` is
   * turned by hand. Heartbeats and other deadlines of connections are always in real time.
   */
  readonly clock?: Clock;
  /** Bounds on what clients may use; those of RabbitMQ, where it has any, unless given. */
  readonly limits?: BrokerLimits;
  /** Seconds between heartbeats that are proposed to clients; 60 unless given, as in RabbitMQ; 0 is none. */
  readonly heartbeat?: number;
  /** Certificate, key and the like, for TLS instead of plain TCP. */
  readonly tls?: TlsOptions;
}

/** Options with nothing left open. */
export interface BrokerConfig {
  readonly port: number;
  readonly host: string;
  /** A second address with the same port; nothing is lost where it cannot be had. */
  readonly alsoOn: string | undefined;
  readonly profile: Profile;
  readonly users: readonly UserSpec[];
  readonly vhosts: readonly string[];
  readonly clock: Clock;
  readonly limits: Required<BrokerLimits>;
  readonly heartbeat: number;
  readonly tls: TlsOptions | undefined;
}

const optionNames: readonly (keyof BrokerOptions)[] = [
  'port',
  'host',
  'profile',
  'users',
  'vhosts',
  'clock',
  'limits',
  'heartbeat',
  'tls',
];

const limitNames: readonly (keyof BrokerLimits)[] = [
  'connections',
  'channels',
  'queues',
  'messageSize',
  'frameSize',
  'memory',
];

/** A million messages of a kilobyte fit. */
const MOST_MEMORY = 2 * 2 ** 30;

/** RabbitMQ's `vm_memory_high_watermark`. */
const MEMORY_SHARE = 0.4;

/**
 * Checks options and fills in what is left out.
 *
 * @throws BrokerError `INVALID_ARGUMENT`
 */
export function brokerConfig(options: BrokerOptions): BrokerConfig {
  const { profile = '4.0', limits = {} } = options;
  checkNames('options', options, optionNames);
  checkNames('limits', limits, limitNames);
  if (!Object.hasOwn(profiles, profile)) {
    throw refusal('profile', profile, `one of ${Object.keys(profiles).join(', ')}`);
  }
  const { host = '127.0.0.1', users = [guest], vhosts = ['/'] } = options;
  // Node takes an empty one for all interfaces.
  if (host === '') throw refusal('host', "''", 'an address or a name');
  if (vhosts.length === 0) throw refusal('vhosts', '[]', 'at least one name');
  if (users.length === 0) throw refusal('users', '[]', 'at least one user');
  for (const [at, user] of users.entries()) checkUser(user, at, users, vhosts);
  return {
    port: whole('port', options.port ?? 0, 0, 65_535),
    host,
    alsoOn: options.host === undefined ? '::1' : undefined,
    profile,
    users,
    vhosts,
    clock: options.clock ?? systemClock,
    limits: {
      connections: whole('limits.connections', limits.connections ?? 10_000, 1),
      channels: whole('limits.channels', limits.channels ?? 2047, 1, 65_535),
      queues: whole('limits.queues', limits.queues ?? 100_000, 1),
      messageSize: whole(
        'limits.messageSize',
        limits.messageSize ?? profiles[profile].maxMessageSize,
        0,
      ),
      frameSize: whole('limits.frameSize', limits.frameSize ?? 131_072, 8192, 2 ** 32 - 1),
      memory: whole('limits.memory', limits.memory ?? defaultMemory(), 1),
    },
    heartbeat: whole('heartbeat', options.heartbeat ?? 60, 0, 65_535),
    tls: options.tls,
  };
}

function defaultMemory(): number {
  return Math.min(MOST_MEMORY, Math.floor(totalmem() * MEMORY_SHARE));
}

function checkUser(
  { name, permissions = {} }: UserSpec,
  at: number,
  all: readonly UserSpec[],
  vhosts: readonly string[],
): void {
  if (all.findIndex((user) => user.name === name) !== at) {
    throw refusal(`users[${at}].name`, name, 'unlike those of the others');
  }
  for (const [vhost, grant] of Object.entries(permissions)) {
    const field = `users[${at}].permissions`;
    if (!vhosts.includes(vhost)) throw refusal(field, vhost, `by name of one of ${vhosts}`);
    checkGrant(`${field}[${vhost}]`, grant);
  }
}

/** All three must be there: one that is left out by mistake should not count as anything. */
function checkGrant(field: string, grant: Grant): void {
  for (const permission of ['configure', 'write', 'read'] as const) {
    if (isRegExp(grant[permission])) continue;
    throw refusal(`${field}.${permission}`, grant[permission], 'a regular expression');
  }
}

function isRegExp(pattern: unknown): boolean {
  if (typeof pattern !== 'string') return false;
  try {
    return new RegExp(pattern).source !== '';
  } catch {
    return false;
  }
}

/** A misspelt option must not pass for none. */
function checkNames(field: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw refusal(field, name, `made of ${known.join(', ')}`);
  }
}

/**
 * The value, if it is a whole number from `least` to `most`.
 *
 * @throws BrokerError `INVALID_ARGUMENT`
 */
export function whole(
  name: string,
  value: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw refusal(name, value, `a whole number from ${least} to ${most}`);
}

/** The error for a value that breaks a rule. */
export function refusal(name: string, value: unknown, rule: string): BrokerError {
  return new BrokerError('INVALID_ARGUMENT', `${name} must be ${rule}, got ${String(value)}`);
}

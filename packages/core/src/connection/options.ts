import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { checkLogger, type Logger } from '../diagnostics/logger.ts';
import type { Driver } from '../driver/driver.ts';
import { describe, LeveretError } from '../errors/leveret-error.ts';
import type { BackoffOptions } from '../internal/backoff.ts';
import { checkName } from '../topology/names.ts';
import { tlsOptions } from './tls.ts';
import { type Address, parseUrl, type UrlParts } from './url.ts';

/** A user of the broker. */
export interface Credentials {
  /** Name of the user. */
  readonly username: string;
  /** Its password. */
  readonly password: string;
}

/** How to connect; what a URL says is overridden by what stands here. Durations are milliseconds. */
export interface ConnectionOptions {
  /** Hosts to try in turn, as `host`, `host:port` or `[ipv6]:port`; instead of those of URLs. */
  readonly hosts?: readonly string[];
  /** Virtual host. Default `/`. */
  readonly vhost?: string;
  /** Default `guest`. */
  readonly username?: string;
  /** Default `guest`. */
  readonly password?: string;
  /** Asked afresh for each attempt to connect, for passwords that change. */
  readonly credentials?: () => Credentials | Promise<Credentials>;
  /** TLS, with Node's own options; `true` for the defaults. Default: as the scheme says (`amqps`). */
  readonly tls?: boolean | TlsOptions;
  /** Name shown by the broker's management tools. */
  readonly name?: string;
  /** Reconnect after a loss. Default true. */
  readonly recover?: boolean;
  /** How long the first connection may take, all attempts together. Default 30000. */
  readonly connectTimeout?: number;
  /**
   * How long one attempt may take: socket and handshake; and, before them, the credentials function. A
   * whole number, from 1 on. Default 10000.
   */
  readonly attemptTimeout?: number;
  /**
   * Bounds of the exponential backoff with full jitter between attempts. Default 100 and 500: a broker that
   * is back is found within half a second. A client has one attempt under way at most, so that those that
   * wait do not pile up on a broker that is slow to answer; fleets of thousands may want a larger `max`.
   */
  readonly backoff?: Partial<BackoffOptions>;
  /** How long a request to the broker may take, a recovery on the way included. Default 30000. */
  readonly operationTimeout?: number;
  /** How long `close` may take in all, on top of what handlers in hand are given. Default 10000. */
  readonly closeTimeout?: number;
  /**
   * Time between heartbeats; whole seconds. A dead link is found after about 2.5 times as long. Default
   * 10000 (RabbitMQ advises 5 to 20 seconds).
   */
  readonly heartbeat?: number;
  /** Largest frame in bytes. Default 131072, RabbitMQ's own default; a larger one is refused by it. */
  readonly frameMax?: number;
  /** Most channels. Default 2047, RabbitMQ's own default. */
  readonly channelMax?: number;
  /** Largest body in bytes that is sent at all. Default 134217728 (RabbitMQ before 4.0; 16777216 from then). */
  readonly maxMessageSize?: number;
  /** Where events are logged to, such as a pino logger. Default: nowhere. */
  readonly logger?: Logger;
  /** The client library underneath. Default: the one on `rabbitmq-client`. */
  readonly driver?: Driver;
}

/**
 * Where `connect` goes: a URL, several of them (one for each host, alike in all but host and port), or
 * options.
 */
export type ConnectTarget = string | URL | readonly (string | URL)[] | ConnectionOptions;

/** Everything that a connection needs to know, filled in and checked. */
export interface ConnectionConfig {
  readonly addresses: readonly Address[];
  readonly vhost: string;
  readonly credentials: () => Credentials | Promise<Credentials>;
  readonly tls: TlsOptions | undefined;
  readonly name: string | undefined;
  readonly recover: boolean;
  readonly connectTimeout: number;
  readonly attemptTimeout: number;
  readonly backoff: BackoffOptions;
  readonly operationTimeout: number;
  readonly closeTimeout: number;
  readonly heartbeat: number;
  readonly frameMax: number;
  readonly channelMax: number;
  readonly maxMessageSize: number;
  readonly logger: Logger | undefined;
}

/** Checks what the user gave and fills in the rest. Errors: `INVALID_ARGUMENT`. */
export function connectionConfig(
  target: ConnectTarget,
  extra: ConnectionOptions = {},
): ConnectionConfig {
  const { urls, options } = split(target, extra);
  const parsed = urls.map((url) => parseUrl(String(url)));
  const [first] = parsed;
  if (parsed.some((url) => !isAlike(url, first)))
    throw new LeveretError(
      'INVALID_ARGUMENT',
      'urls must be alike in all but host and port: one scheme, user, vhost and query',
    );
  checkDriver(options.driver);
  const tls = tlsOptions(options.tls, first);
  const port = tls ? 5671 : 5672;
  const vhost = options.vhost ?? first?.vhost ?? '/';
  checkName('vhost', vhost);
  return {
    addresses: addressesOf(options.hosts, parsed, port),
    vhost,
    credentials: credentialsOf(options, first),
    tls,
    name: options.name ?? first?.name,
    recover: options.recover ?? true,
    connectTimeout: duration('connectTimeout', options.connectTimeout, 30_000),
    attemptTimeout: whole(
      'attemptTimeout',
      options.attemptTimeout ?? first?.attemptTimeout,
      10_000,
      1,
      2 ** 31 - 1,
    ),
    backoff: {
      initial: duration('backoff.initial', options.backoff?.initial, 100),
      max: duration('backoff.max', options.backoff?.max, 500),
    },
    operationTimeout: duration('operationTimeout', options.operationTimeout, 30_000),
    closeTimeout: duration('closeTimeout', options.closeTimeout, 10_000),
    heartbeat: heartbeatOf(options.heartbeat ?? first?.heartbeat ?? 10_000),
    frameMax: whole('frameMax', options.frameMax, 131_072, 8192, 2 ** 31 - 1),
    channelMax: whole('channelMax', options.channelMax ?? first?.channelMax, 2047, 1, 65_535),
    maxMessageSize: whole('maxMessageSize', options.maxMessageSize, 2 ** 27, 0, 2 ** 31 - 1),
    logger: checkLogger(options.logger),
  };
}

/** A duration in milliseconds, or its default. Errors: `INVALID_ARGUMENT`. */
export function duration(field: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `${field} must be a number of milliseconds from 0 on, not ${describe(value)}`,
  );
}

/** A whole number within bounds, or its default. Errors: `INVALID_ARGUMENT`. */
export function whole(
  field: string,
  value: number | undefined,
  fallback: number,
  min: number,
  max: number,
): number {
  if (value === undefined) return fallback;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `${field} must be a whole number from ${min} to ${max}, not ${describe(value)}`,
  );
}

function split(
  target: ConnectTarget,
  extra: ConnectionOptions,
): { readonly urls: readonly (string | URL)[]; readonly options: ConnectionOptions } {
  if (typeof target === 'string' || target instanceof URL)
    return { urls: [target], options: extra };
  if (!isUrls(target)) return { urls: [], options: { ...target, ...extra } };
  if (target.length > 0) return { urls: target, options: extra };
  throw new LeveretError('INVALID_ARGUMENT', 'urls must hold at least one URL');
}

function isUrls(
  target: readonly (string | URL)[] | ConnectionOptions,
): target is readonly (string | URL)[] {
  return Array.isArray(target);
}

function isAlike(url: UrlParts, other: UrlParts | undefined): boolean {
  const { host, port } = url;
  return isDeepStrictEqual(url, { ...other, host, port });
}

function credentialsOf(
  options: ConnectionOptions,
  url: UrlParts | undefined,
): () => Credentials | Promise<Credentials> {
  const { credentials } = options;
  if (typeof credentials === 'function') return credentials;
  if (credentials !== undefined)
    throw new LeveretError('INVALID_ARGUMENT', 'credentials must be a function');
  const fixed = {
    username: options.username ?? url?.username ?? 'guest',
    password: options.password ?? url?.password ?? 'guest',
  };
  checkCredentials(fixed);
  return () => fixed;
}

/** Checks what a user gave for credentials, and never repeats it. Errors: `INVALID_ARGUMENT`. */
export function checkCredentials(given: Credentials): void {
  const fields: readonly unknown[] = [given?.username, given?.password];
  if (fields.every((field) => typeof field === 'string')) return;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    'credentials must be a username and a password, as strings',
  );
}

function checkDriver(driver: Driver | undefined): void {
  if (driver === undefined || typeof driver?.connect === 'function') return;
  throw new LeveretError('INVALID_ARGUMENT', 'driver must have a connect function');
}

function addressesOf(
  hosts: readonly string[] | undefined,
  urls: readonly UrlParts[],
  port: number,
): Address[] {
  if (hosts?.length === 0) throw new LeveretError('INVALID_ARGUMENT', 'hosts must not be empty');
  if (hosts) return hosts.map((host) => addressOf(host, port));
  if (urls.length === 0) return [{ host: 'localhost', port }];
  return urls.map((url) => ({ host: url.host, port: url.port ?? port }));
}

function addressOf(text: string, fallback: number): Address {
  const match =
    /^(?:\[(?<v6>[0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|(?<host>[^:\s[\]@/]+))(?::(?<port>\d{1,5}))?$/.exec(
      text,
    );
  const host = match?.groups?.['v6'] ?? match?.groups?.['host'];
  const port = Number(match?.groups?.['port'] ?? fallback);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  // What stands there instead may be a URL, with a password in it, so it is not repeated.
  throw new LeveretError('INVALID_ARGUMENT', 'hosts must be host, host:port or [ipv6]:port');
}

function heartbeatOf(ms: number): number {
  if (Number.isInteger(ms / 1000) && ms >= 1000 && ms <= 65_535_000) return ms / 1000;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `heartbeat must be whole seconds in milliseconds, from 1000 on, not ${describe(ms)}`,
  );
}

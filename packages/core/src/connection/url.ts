import { describe, LeveretError } from '../errors/leveret-error.ts';
import type { UrlTls } from './tls.ts';

/** Where a broker listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What an AMQP URL says. */
export interface UrlParts {
  readonly host: string;
  readonly port: number | undefined;
  /** Whether the scheme is `amqps`. */
  readonly secure: boolean;
  readonly tls: UrlTls;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly vhost: string | undefined;
  readonly name: string | undefined;
  /** Milliseconds. */
  readonly heartbeat: number | undefined;
  /** Milliseconds. */
  readonly attemptTimeout: number | undefined;
  readonly channelMax: number | undefined;
}

/** Parameters that change how safe a connection is and that cannot be honoured: overlooking one would be worse. */
const REFUSED: readonly (readonly [name: string, instead: string])[] = [
  ['capath', 'name one file by cafile'],
  ['cadata', 'name a file by cafile, or give the option tls'],
  ['depth', 'give the option tls'],
];

/**
 * Reads `amqp://user:password@host:port/vhost?heartbeat=10`: RabbitMQ's URI specification, with its query
 * parameters (https://www.rabbitmq.com/docs/uri-query-parameters) and those of aio-pika: `heartbeat` in seconds,
 * `connection_timeout` in milliseconds, `channel_max`, `name`; `cafile` or `cacertfile`, `certfile`, `keyfile`,
 * `verify` or `no_verify_ssl`, `server_name_indication`; `auth` or `auth_mechanism`, which must be PLAIN. Others are
 * ignored. An empty path and `/` both mean the vhost `/`. Errors: `INVALID_ARGUMENT`, without the password.
 */
export function parseUrl(text: string): UrlParts {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^\s*amqps?:\/\//i.test(text))
    throw invalid('must start with amqp:// or amqps:// and name a host');
  if (url.port === '0') throw invalid('must have a port from 1 to 65535');
  refuse(url.searchParams);
  // Two slashes are the vhost `/`, as aio-pika writes it.
  const path = url.pathname.replace(/^\//, '');
  if (path !== '/' && path.includes('/'))
    throw invalid('must have a vhost without slashes (write %2F for one)');
  return {
    host: decode(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: url.port === '' ? undefined : Number(url.port),
    secure: url.protocol === 'amqps:',
    tls: tlsOf(url.searchParams),
    username: decode(url.username) || undefined,
    password: url.username === '' ? undefined : decode(url.password),
    vhost: decode(path) || undefined,
    name: url.searchParams.get('name') ?? undefined,
    heartbeat: parameter(url, 'heartbeat', 1000),
    attemptTimeout: parameter(url, 'connection_timeout', 1),
    channelMax: parameter(url, 'channel_max', 1),
  };
}

function tlsOf(parameters: URLSearchParams): UrlTls {
  const text = (name: string): string | undefined => parameters.get(name) ?? undefined;
  return {
    cafile: text('cafile') ?? text('cacertfile'),
    certfile: text('certfile'),
    keyfile: text('keyfile'),
    verify: verifyOf(parameters),
    serverName: text('server_name_indication'),
  };
}

function verifyOf(parameters: URLSearchParams): boolean | undefined {
  const verify = choice(parameters, 'verify', { verify_peer: true, verify_none: false });
  const other = choice(parameters, 'no_verify_ssl', { '0': true, '1': false });
  if (verify !== undefined && other !== undefined && verify !== other)
    throw invalid('must not say two things by verify and no_verify_ssl');
  return verify ?? other;
}

/** A parameter with a few values, by what they mean. */
function choice(
  parameters: URLSearchParams,
  name: string,
  meanings: Readonly<Record<string, boolean>>,
): boolean | undefined {
  const text = parameters.get(name);
  if (text === null) return undefined;
  const meaning = new Map(Object.entries(meanings)).get(text);
  if (meaning !== undefined) return meaning;
  throw invalid(
    `must have ${Object.keys(meanings).join(' or ')} for ${name}, not ${describe(text)}`,
  );
}

function refuse(parameters: URLSearchParams): void {
  for (const [name, instead] of REFUSED)
    if (parameters.has(name))
      throw invalid(`must not have ${name}, which is not supported: ${instead}`);
  for (const name of ['auth', 'auth_mechanism'])
    if (parameters.getAll(name).some((mechanism) => mechanism.toLowerCase() !== 'plain'))
      throw invalid(`must have plain for ${name}: the driver in use knows no other mechanism`);
}

function parameter(url: URL, name: string, factor: number): number | undefined {
  const text = url.searchParams.get(name);
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * factor;
  throw invalid(`must have a whole number for ${name}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('must have valid percent-encoding');
  }
}

function invalid(rule: string): LeveretError {
  return new LeveretError('INVALID_ARGUMENT', `url ${rule}`);
}

import { LeveretError } from '../errors/leveret-error.ts';

/** Where a broker listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What an AMQP URL says. */
export interface UrlParts {
  readonly host: string;
  readonly port: number | undefined;
  readonly tls: boolean;
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

/**
 * Reads `amqp://user:password@host:port/vhost?heartbeat=10` (RabbitMQ URI specification and URI query
 * parameters: `heartbeat` in seconds, `connection_timeout` in milliseconds, `channel_max`, `name`). An empty
 * path and `/` both mean the vhost `/`. Errors: `INVALID_ARGUMENT`, without the password.
 */
export function parseUrl(text: string): UrlParts {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^\s*amqps?:\/\//i.test(text))
    throw invalid('must start with amqp:// or amqps:// and name a host');
  if (url.port === '0') throw invalid('must have a port from 1 to 65535');
  const path = url.pathname.replace(/^\//, '');
  if (path.includes('/')) throw invalid('must have a vhost without slashes (write %2F for one)');
  return {
    host: decode(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: url.port === '' ? undefined : Number(url.port),
    tls: url.protocol === 'amqps:',
    username: decode(url.username) || undefined,
    password: url.username === '' ? undefined : decode(url.password),
    vhost: decode(path) || undefined,
    name: url.searchParams.get('name') ?? undefined,
    heartbeat: parameter(url, 'heartbeat', 1000),
    attemptTimeout: parameter(url, 'connection_timeout', 1),
    channelMax: parameter(url, 'channel_max', 1),
  };
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

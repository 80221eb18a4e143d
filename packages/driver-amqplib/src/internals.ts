import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { LeveretError } from '@leveret/core';

/**
 * The part of `amqplib` that the driver needs and that it does not export: its connection, since `connect` neither tells the reply
 * code of a broker that refuses a connection, nor can be given up half-way, and since what arrives goes to core once the
 * connection is open. It is checked for when a connection opens, and pinned by the driver contract tests; the dependency is a `~`
 * range for its sake.
 */
export interface AmqplibConnection {
  /** The handshake; calls back once it is over, perhaps more than once where it fails. */
  open(fields: OpenFields, done: (error: Error | null) => void): void;
  /** The next frame, `false` where there is none yet; asked for whenever there is something to read. */
  recvFrame(): HandshakeFrame | false;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** As agreed. */
  readonly frameMax: number;
  readonly channelMax: number;
  /** What the broker said of itself; given once it has. */
  readonly serverProperties?: object;
  /** What has arrived and is not read. */
  readonly rest: Buffer;
  /** Whether the end of the socket is no failure: then the library leaves it alone. */
  expectSocketClose: boolean;
  /** Called when it is time for one. */
  sendHeartbeat(): void;
  /** Set when something came; looked at, and taken back, once an interval. */
  recvSinceLastCheck: boolean;
  /** Given once the connection is open, unless there are no heartbeats. */
  readonly heartbeater?: { clear(): void } | null;
}

/** A frame of the handshake. */
interface HandshakeFrame {
  readonly id?: number;
  readonly fields?: object;
}

/** What the client says in the handshake. */
export interface OpenFields {
  readonly clientProperties: object;
  readonly mechanism: string;
  readonly response: Buffer;
  readonly locale: string;
  readonly channelMax: number;
  readonly frameMax: number;
  readonly maxFrameSize: number;
  readonly heartbeat: number;
  readonly virtualHost: string;
  readonly capabilities: string;
  readonly insist: number;
}

const require = createRequire(import.meta.url);
const root = dirname(require.resolve('amqplib'));
const manifest: { readonly version: string } = require(join(root, 'package.json'));

/** Name and version of the library. */
export const NAME: string = `amqplib ${manifest.version}`;

/** A connection of the library on a socket. Errors: `UNSUPPORTED_DRIVER`. */
export function connectionOn(socket: Duplex): AmqplibConnection {
  let cause: unknown;
  try {
    const { Connection }: { readonly Connection?: unknown } = require(
      join(root, 'lib', 'connection'),
    );
    const connection: unknown =
      typeof Connection === 'function' ? Reflect.construct(Connection, [socket]) : undefined;
    if (isConnection(connection)) return connection;
  } catch (error) {
    cause = error; // no such file, say
  }
  throw new LeveretError(
    'UNSUPPORTED_DRIVER',
    `the installed ${NAME} is not one that this version of @leveret/driver-amqplib works with: its connection ` +
      'lacks internals that 2.3.1 has',
    { cause },
  );
}

function isConnection(value: unknown): value is AmqplibConnection {
  if (typeof value !== 'object' || value === null) return false;
  const methods = ['open', 'recvFrame', 'on', 'sendHeartbeat', 'startHeartbeater', 'acceptLoop'];
  return (
    methods.every((method) => typeof Reflect.get(value, method) === 'function') &&
    Buffer.isBuffer(Reflect.get(value, 'rest')) &&
    typeof Reflect.get(value, 'frameMax') === 'number' &&
    typeof Reflect.get(value, 'expectSocketClose') === 'boolean' &&
    typeof Reflect.get(value, 'recvSinceLastCheck') === 'boolean'
  );
}

import type { Socket } from 'node:net';
import {
  type Driver,
  type DriverConnection,
  type DriverConnectionEvents,
  type DriverTarget,
  type HeaderTable,
  LeveretError,
  systemClock,
  takeOver,
} from '@leveret/core';
import { credentials } from 'amqplib';
import { handoverOf } from './handover.ts';
import { handshake } from './handshake.ts';
import { NAME } from './internals.ts';
import { connected, socketTo } from './socket.ts';

/** How the client says who it is. */
export type Mechanism = 'PLAIN' | 'AMQPLAIN' | 'EXTERNAL';

const MECHANISMS: readonly Mechanism[] = ['PLAIN', 'AMQPLAIN', 'EXTERNAL'];

/** What {@link amqplibDriver} may be told. */
export interface AmqplibDriverOptions {
  /**
   * How the client says who it is (SASL): `EXTERNAL` leaves it to its TLS certificate, which needs
   * `rabbitmq_auth_mechanism_ssl` on the broker. Default `PLAIN`.
   */
  readonly mechanism?: Mechanism;
  /** What the client says of itself, for the broker's management tools. Added to product, version, platform and name. */
  readonly clientProperties?: HeaderTable;
}

/**
 * A driver on `amqplib`, for `connect(url, { driver: amqplibDriver() })`. It knows what the default driver does not: other
 * mechanisms than PLAIN, properties of the client and of the server. Errors: `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * const connection = await connect('amqps://broker.example/', {
 *   driver: amqplibDriver({ mechanism: 'EXTERNAL' }),
 *   tls: { ca, cert, key },
 * })
 * ```
 */
export function amqplibDriver(options: AmqplibDriverOptions = {}): Driver {
  const { mechanism = 'PLAIN', clientProperties = {} } = options;
  if (!MECHANISMS.includes(mechanism))
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `mechanism must be one of ${MECHANISMS.join(', ')}, not ${String(mechanism)}`,
    );
  if (typeof clientProperties !== 'object' || clientProperties === null)
    throw new LeveretError('INVALID_ARGUMENT', 'clientProperties must be an object');
  return {
    name: NAME,
    headers: { dates: true, bytes: true },
    arguments: { dates: true, bytes: true },
    connect: (target, events) => connect(target, events, { mechanism, clientProperties }),
  };
}

async function connect(
  target: DriverTarget,
  events: DriverConnectionEvents,
  options: Required<AmqplibDriverOptions>,
): Promise<DriverConnection> {
  const socket = socketTo(target);
  try {
    return await inTime(socket, target, async () => {
      await connected(socket, target);
      const { username, password, frameMax, channelMax, heartbeat, vhost } = target;
      const said = credentials[SAYS[options.mechanism]](username, password);
      const connection = await handshake(socket, {
        clientProperties: { ...ours(target), ...options.clientProperties },
        mechanism: options.mechanism,
        response: said.response(),
        locale: 'en_US',
        channelMax,
        frameMax,
        maxFrameSize: frameMax,
        heartbeat,
        virtualHost: vhost,
        capabilities: '',
        insist: 0,
      });
      return takeOver(handoverOf(connection, socket), events);
    });
  } catch (error) {
    socket.on('error', () => {}); // nobody listens any more
    socket.destroy();
    throw LeveretError.from(error, 'CONNECTION_FAILED', textOf(error));
  }
}

const SAYS = { PLAIN: 'plain', AMQPLAIN: 'amqplain', EXTERNAL: 'external' } as const;

/** What clients that are made with Leveret say of themselves. */
function ours({ connectionName }: DriverTarget): object {
  return {
    product: 'Leveret',
    platform: `Node.js ${process.version}`,
    information: `on ${NAME}`,
    ...(connectionName === undefined ? {} : { connection_name: connectionName }),
    capabilities: {
      'basic.nack': true,
      'connection.blocked': true,
      publisher_confirms: true,
      exchange_exchange_bindings: true,
      consumer_cancel_notify: true,
      authentication_failure_close: true,
    },
  };
}

/** What `open` gives, unless it takes too long or nobody wants it any more. */
function inTime<T>(socket: Socket, target: DriverTarget, open: () => Promise<T>): Promise<T> {
  const { timeout, signal } = target;
  return new Promise((resolve, reject) => {
    const timer = systemClock.after(timeout, () =>
      reject(new Error(`there was no connection within ${timeout} ms`)),
    );
    const unwanted = (): void =>
      reject(new LeveretError('CLOSED', 'nobody wants the connection any more'));
    signal?.addEventListener('abort', unwanted, { once: true });
    if (signal?.aborted) unwanted();
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server ended the connection')));
    open()
      .then(resolve, reject)
      .finally(() => {
        timer.cancel();
        signal?.removeEventListener('abort', unwanted);
      });
  });
}

/** Node gathers the failures of all addresses of a name in an error without a message. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String(Reflect.get(error, 'code') ?? 'no reason given');
}

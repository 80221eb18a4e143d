import type { Socket } from 'node:net';
import { inspect } from 'node:util';
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
import { NAME, type OpenFields } from './internals.ts';
import { connected, socketTo } from './socket.ts';
import { writtenTable } from './table.ts';

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
  /**
   * What the client says of itself, for the broker's management tools. Added to product, platform, information and
   * `connection_name`, which it may replace; of `capabilities` those that core needs stay.
   */
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
  if (!isObject(options)) throw invalid('options', 'must be an object', options);
  const { mechanism = 'PLAIN', clientProperties = {} } = options;
  if (!MECHANISMS.includes(mechanism))
    throw invalid('mechanism', `must be one of ${MECHANISMS.join(', ')}`, mechanism);
  if (!isObject(clientProperties))
    throw invalid('clientProperties', 'must be an object', clientProperties);
  const said = { mechanism, clientProperties: writtenTable(clientProperties, 'clientProperties') };
  return {
    name: NAME,
    headers: { dates: true, bytes: true },
    arguments: { dates: true, bytes: true },
    connect: (target, events) => connect(target, events, said),
  };
}

/** How each connection is opened. */
interface Said {
  readonly mechanism: Mechanism;
  readonly clientProperties: Readonly<Record<string, unknown>>;
}

async function connect(
  target: DriverTarget,
  events: DriverConnectionEvents,
  said: Said,
): Promise<DriverConnection> {
  const socket = socketTo(target);
  try {
    const connection = await inTime(socket, target, async () => {
      await connected(socket, target);
      return await handshake(socket, fieldsOf(target, said));
    });
    // It may have gone in the turn in which the handshake ended: then nobody would be told.
    if (socket.destroyed) throw new Error('the server ended the connection');
    return takeOver(handoverOf(connection, socket), events);
  } catch (error) {
    socket.on('error', () => {}); // nobody listens any more
    socket.destroy();
    throw LeveretError.from(error, 'CONNECTION_FAILED', textOf(error));
  }
}

const SAYS = { PLAIN: 'plain', AMQPLAIN: 'amqplain', EXTERNAL: 'external' } as const;

function fieldsOf(target: DriverTarget, { mechanism, clientProperties }: Said): OpenFields {
  const { username, password, frameMax, channelMax, heartbeat, vhost } = target;
  return {
    clientProperties: { ...ours(target), ...clientProperties, capabilities: CAPABILITIES },
    mechanism,
    response: credentials[SAYS[mechanism]](username, password).response(),
    locale: 'en_US',
    channelMax,
    frameMax,
    maxFrameSize: frameMax,
    heartbeat,
    virtualHost: vhost,
    capabilities: '',
    insist: 0,
  };
}

/** What core can cope with; without some of it a broker does not say what core has to know. */
const CAPABILITIES = {
  'basic.nack': true,
  'connection.blocked': true,
  publisher_confirms: true,
  exchange_exchange_bindings: true,
  consumer_cancel_notify: true,
  authentication_failure_close: true,
};

/** What clients that are made with Leveret say of themselves. */
function ours({ connectionName }: DriverTarget): object {
  return {
    product: 'Leveret',
    platform: `Node.js ${process.version}`,
    information: `on ${NAME}`,
    ...(connectionName === undefined ? {} : { connection_name: connectionName }),
  };
}

/** What `open` gives, unless it takes too long or nobody wants it any more. */
function inTime<T>(socket: Socket, target: DriverTarget, open: () => Promise<T>): Promise<T> {
  const { timeout, signal } = target;
  let over = (): void => {};
  const outcome = new Promise<T>((resolve, reject) => {
    const timer = systemClock.after(timeout, () =>
      reject(new Error(`there was no connection within ${timeout} ms`)),
    );
    const unwanted = (): void =>
      reject(new LeveretError('CLOSED', 'nobody wants the connection any more'));
    over = () => {
      timer.cancel();
      signal?.removeEventListener('abort', unwanted);
    };
    signal?.addEventListener('abort', unwanted, { once: true });
    if (signal?.aborted) unwanted();
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server ended the connection')));
    open().then(resolve, reject); // may never settle, where the socket is let go of
  });
  return outcome.finally(over);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(field: string, rule: string, value: unknown): LeveretError {
  return new LeveretError('INVALID_ARGUMENT', `${field} ${rule}, not ${inspect(value)}`);
}

/** Characters that are quoted of an error: that of the library may hold a whole frame. */
const QUOTED = 500;

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node gathers the failures of all addresses of a name in an error without a message.
  const text = error.message || String(Reflect.get(error, 'code') ?? 'no reason given');
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}

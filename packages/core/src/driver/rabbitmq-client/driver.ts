import { createRequire } from 'node:module';
import { Connection } from 'rabbitmq-client';
import { LeveretError } from '../../errors/leveret-error.ts';
import { takeOver } from '../amqp/connection.ts';
import type { Driver, DriverConnection, DriverConnectionEvents, DriverTarget } from '../driver.ts';
import { connectFailed } from './failures.ts';
import { guardReads, handoverOf } from './handover.ts';
import { type ConnectionInternals, connectionInternals } from './internals.ts';

const manifest: { readonly version: string } = createRequire(import.meta.url)(
  'rabbitmq-client/package.json',
);
const NAME = `rabbitmq-client ${manifest.version}`;
/** Long enough for its own reconnecting never to start: each connection here lives for one socket. */
const NEVER = 3_600_000;

/** Bytes that the socket takes before it is congested; Node's default of 16 KiB is a hundred messages. */
const SOCKET = { writableHighWaterMark: 131_072 };

/** The default driver, on `rabbitmq-client`. */
export const rabbitmqClientDriver: Driver = {
  name: NAME,
  headers: { dates: true, bytes: true },
  arguments: { dates: true, bytes: true },
  connect: async (target, events) => {
    try {
      return await open(target, events);
    } catch (error) {
      throw connectFailed(error);
    }
  },
};

async function open(
  target: DriverTarget,
  events: DriverConnectionEvents,
): Promise<DriverConnection> {
  const raw = new Connection(optionsOf(target));
  let connection: Connection & ConnectionInternals;
  try {
    connection = connectionInternals(raw, NAME);
  } catch (error) {
    raw.on('error', () => raw.unsafeDestroy());
    raw.unsafeDestroy();
    throw error;
  }
  const endReads = guardReads(connection._socket, target.frameMax);
  return new Promise((resolve, reject) => {
    const { signal } = target;
    const failed = (error: unknown): void => {
      connection.off('connection', opened);
      connection.unsafeDestroy();
      reject(error);
    };
    const unwanted = (): void =>
      failed(new LeveretError('CLOSED', 'nobody wants the connection any more'));
    signal?.addEventListener('abort', unwanted, { once: true });
    connection._socket.once('close', () => signal?.removeEventListener('abort', unwanted));
    connection.on('error', failed);
    const opened = (): void => {
      signal?.removeEventListener('abort', unwanted);
      connection.off('error', failed);
      endReads();
      try {
        resolve(takeOver(handoverOf(connection), events));
      } catch (error) {
        failed(error);
      }
    };
    connection.once('connection', opened);
    if (signal?.aborted) unwanted();
  });
}

function optionsOf(target: DriverTarget): ConstructorParameters<typeof Connection>[0] & object {
  return {
    hostname: target.host,
    port: target.port,
    username: target.username,
    password: target.password,
    vhost: target.vhost,
    heartbeat: target.heartbeat,
    frameMax: target.frameMax,
    maxChannels: target.channelMax,
    connectionTimeout: target.timeout,
    acquireTimeout: NEVER,
    retryLow: NEVER,
    retryHigh: NEVER,
    noDelay: true,
    socket: { port: target.port, host: target.host, ...SOCKET },
    ...(target.tls === undefined ? {} : { tls: target.tls }),
    ...(target.connectionName === undefined ? {} : { connectionName: target.connectionName }),
  };
}

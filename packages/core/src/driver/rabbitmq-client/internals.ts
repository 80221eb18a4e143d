import { Socket } from 'node:net';
import type { Connection } from 'rabbitmq-client';
import { LeveretError } from '../../errors/leveret-error.ts';

/**
 * The parts of `rabbitmq-client` that it does not document and that the adapter needs: the socket, since the driver decodes
 * bodies by content type, believes any size, awaits two reads a frame and costs a timer a delivery; what was agreed; and where it
 * is told that the peer lives. They are checked for when a connection opens, and pinned by the driver contract tests; the
 * dependency is a `~` range for their sake.
 */
export interface ConnectionInternals {
  /** Takes a frame that arrived. */
  _handleChunk(frame: Heartbeat): void;
  readonly _socket: Socket;
  readonly _state: { readonly frameMax: number; readonly channelMax: number };
}

/** A heartbeat, as the driver reads it. */
export interface Heartbeat {
  readonly type: 8;
  readonly channelId: 0;
}

/** The connection with what the adapter needs of it. Errors: `UNSUPPORTED_DRIVER`. */
export function connectionInternals(
  connection: Connection,
  name: string,
): Connection & ConnectionInternals {
  if (hasInternals(connection)) return connection;
  throw new LeveretError(
    'UNSUPPORTED_DRIVER',
    `the installed ${name} is not one that this version of @leveret/core works with: its connection lacks ` +
      'internals that 5.0.8 has',
  );
}

function hasInternals(connection: Connection): connection is Connection & ConnectionInternals {
  const state: unknown = Reflect.get(connection, '_state');
  return (
    typeof Reflect.get(connection, '_handleChunk') === 'function' &&
    Reflect.get(connection, '_socket') instanceof Socket &&
    typeof property(state, 'frameMax') === 'number' &&
    typeof property(state, 'channelMax') === 'number'
  );
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

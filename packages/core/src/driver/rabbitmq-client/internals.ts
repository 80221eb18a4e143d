import { Socket } from 'node:net';
import type { Channel, Connection } from 'rabbitmq-client';
import { LeveretError } from '../../errors/leveret-error.ts';
import type { HeaderTable, WireProperties } from '../../message/message.ts';
import type { FRAME } from './protocol.ts';

/**
 * The parts of `rabbitmq-client` that it does not document and that the adapter needs: where frames arrive,
 * since the driver decodes bodies by content type, believes any size and costs a timer per delivery; and
 * its frame writer, which knows `basic.reject` and takes frames of our own. They are checked for when a
 * connection and a channel open, and pinned by the driver contract tests; the dependency is a `~` range for
 * their sake.
 */
export interface ChannelInternals {
  /** Settles the request that is under way, or throws where the answer is not the one to it. */
  _handleRPC(methodId: number, data: unknown): void;
  /** Ends the channel without a word: rejects its requests and gives its number back. */
  _clear(): void;
  _invoke(request: number, response: number, params: object): Promise<unknown>;
  _invokeNowait(methodId: number, params: object): void;
  readonly _state: {
    maxFrameSize: number;
    /** Where what the socket does not take waits; it ends over what cannot be encoded. */
    readonly stream: {
      readonly writableLength: number;
      /** Takes frames, piece by piece as the socket does. */
      write(frames: Iterator<Buffer>): unknown;
      once(event: 'error', listener: (error: Error) => void): unknown;
    };
  };
}

/** What the adapter needs of a connection. */
export interface ConnectionInternals {
  /** Takes each frame that arrives after the handshake; what it throws costs the connection. */
  _handleChunk: (frame: AnyFrame) => void;
  readonly _socket: Socket;
  readonly _state: { readonly frameMax: number };
}

/** A decoded method frame. */
export interface MethodFrame {
  readonly type: typeof FRAME.method;
  readonly channelId: number;
  readonly methodId: number;
  readonly params: Readonly<Record<string, unknown>> | undefined;
}

/** A decoded content header frame. */
export interface HeaderFrame {
  readonly type: typeof FRAME.header;
  readonly channelId: number;
  readonly bodySize: number;
  /** Without the headers until they are put in: the driver does not get to see them. */
  readonly fields: Omit<WireProperties, 'headers'> & { headers?: HeaderTable | undefined };
}

/** A decoded body frame. */
export interface BodyFrame {
  readonly type: typeof FRAME.body;
  readonly channelId: number;
  readonly payload: Buffer;
}

/** A heartbeat, which the driver gives the channel 0 whatever it was sent on. */
export interface HeartbeatFrame {
  readonly type: typeof FRAME.heartbeat;
  readonly channelId: 0;
}

/** Any decoded frame. */
export type AnyFrame = MethodFrame | HeaderFrame | BodyFrame | HeartbeatFrame;

/** The channel with what the adapter needs of it. Errors: `UNSUPPORTED_DRIVER`. */
export function channelInternals(channel: Channel, name: string): Channel & ChannelInternals {
  if (hasChannelInternals(channel)) return channel;
  throw unsupported(name, 'channel');
}

/** The connection with what the adapter needs of it. Errors: `UNSUPPORTED_DRIVER`. */
export function connectionInternals(
  connection: Connection,
  name: string,
): Connection & ConnectionInternals {
  if (hasConnectionInternals(connection)) return connection;
  throw unsupported(name, 'connection');
}

function hasChannelInternals(channel: Channel): channel is Channel & ChannelInternals {
  const methods = ['_handleRPC', '_clear', '_invoke', '_invokeNowait'];
  const state: unknown = Reflect.get(channel, '_state');
  const stream = property(state, 'stream');
  return (
    methods.every((method) => typeof Reflect.get(channel, method) === 'function') &&
    typeof property(state, 'maxFrameSize') === 'number' &&
    typeof property(stream, 'writableLength') === 'number' &&
    typeof property(stream, 'write') === 'function' &&
    typeof property(stream, 'once') === 'function'
  );
}

function hasConnectionInternals(
  connection: Connection,
): connection is Connection & ConnectionInternals {
  return (
    typeof Reflect.get(connection, '_handleChunk') === 'function' &&
    Reflect.get(connection, '_socket') instanceof Socket &&
    typeof property(Reflect.get(connection, '_state'), 'frameMax') === 'number'
  );
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function unsupported(name: string, part: string): LeveretError {
  return new LeveretError(
    'UNSUPPORTED_DRIVER',
    `the installed ${name} is not one that this version of @leveret/core works with: its ${part} lacks ` +
      'internals that 5.0.8 has',
  );
}

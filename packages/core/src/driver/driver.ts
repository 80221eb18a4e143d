import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { TableSupport } from '../message/check-table.ts';
import type { HeaderTable, WireDelivery, WireMessage, WireReturn } from '../message/message.ts';
import type { ExchangeSpec, QueueSpec } from '../topology/specs.ts';

/**
 * A client library behind the port that Leveret is built on: bytes in and out over one socket, for the
 * life of that socket. It does not reconnect, buffer or retry: that is done above it, once for all drivers.
 */
export interface Driver {
  /** Name and version, for error messages. */
  readonly name: string;
  /** Which header values it carries exactly. */
  readonly tables: TableSupport;
  /**
   * Opens one connection. Rejects with `CONNECTION_FAILED` (retryable), `ACCESS_REFUSED` or `NOT_ALLOWED`.
   * It settles within `target.timeout`.
   */
  connect(target: DriverTarget, events: DriverConnectionEvents): Promise<DriverConnection>;
}

/** Where and how to open one connection. */
export interface DriverTarget {
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  /** TLS when given. */
  readonly tls: TlsOptions | undefined;
  /** Seconds between heartbeats. */
  readonly heartbeat: number;
  /** Largest frame asked for, in bytes. */
  readonly frameMax: number;
  /** Most channels asked for. */
  readonly channelMax: number;
  /** Shown by the broker's management tools. */
  readonly connectionName: string | undefined;
  /** Milliseconds for socket and handshake together. */
  readonly timeout: number;
}

/** What a driver connection tells. */
export interface DriverConnectionEvents {
  /** The connection is over, for whatever reason but `destroy`; told once, after its channels. */
  lost(cause: Error): void;
  /** The broker blocks publishers. */
  blocked(reason: string): void;
  /** It does no longer. */
  unblocked(): void;
}

/** One open connection. */
export interface DriverConnection {
  /** The negotiated size of a frame in bytes. */
  readonly frameMax: number;
  openChannel(events: DriverChannelEvents): Promise<DriverChannel>;
  /** Says goodbye to the broker. May never settle on a dead link: race it, then `destroy`. */
  close(): Promise<void>;
  /** Lets go of the socket at once; tells nothing. */
  destroy(): void;
}

/** Why a channel ended. */
export type ChannelEnd =
  /** Its connection is gone. */
  | { readonly kind: 'connection'; readonly cause: Error }
  /** The broker closed it: reply code, its words, and whether `basic.publish` was the culprit. */
  | {
      readonly kind: 'channel';
      readonly replyCode: number;
      readonly replyText: string;
      readonly publish: boolean;
    };

/** What a driver channel tells. */
export interface DriverChannelEvents {
  /** The channel is over, but not by `close`; told once. Nothing is told after it. */
  ended(end: ChannelEnd): void;
  /** A publish was confirmed or refused; with `multiple` so was every earlier unsettled one. */
  confirmed(publishTag: number, multiple: boolean, ok: boolean): void;
  /** A mandatory message came back; always before it is confirmed. */
  returned(message: WireReturn): void;
  /** The broker cancelled a consumer. */
  cancelled(consumerTag: string): void;
  /** The socket takes more again, after `congested`. */
  writable(): void;
}

/** How a consumer is started. */
export interface DriverConsume {
  readonly queue: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly arguments: HeaderTable | undefined;
  /** Called for each delivery, perhaps before `consume` has settled and after `cancel` has. */
  readonly deliver: (delivery: WireDelivery) => void;
}

/** One open channel. Promises may never settle: whoever awaits one brings a deadline. */
export interface DriverChannel {
  /** Number of the channel on its connection. */
  readonly id: number;
  declareExchange(spec: ExchangeSpec): Promise<void>;
  checkExchange(name: string): Promise<void>;
  deleteExchange(name: string, options: { ifUnused: boolean }): Promise<void>;
  bindExchange(binding: DriverBinding): Promise<void>;
  unbindExchange(binding: DriverBinding): Promise<void>;
  declareQueue(spec: QueueSpec): Promise<DriverQueueState>;
  checkQueue(name: string): Promise<DriverQueueState>;
  deleteQueue(name: string, options: { ifUnused: boolean; ifEmpty: boolean }): Promise<number>;
  purgeQueue(name: string): Promise<number>;
  bindQueue(binding: DriverBinding): Promise<void>;
  unbindQueue(binding: DriverBinding): Promise<void>;
  setQos(prefetch: number, global: boolean): Promise<void>;
  /** Starts a consumer and gives its tag. */
  consume(options: DriverConsume): Promise<string>;
  cancel(consumerTag: string): Promise<void>;
  get(queue: string, options: { noAck: boolean }): Promise<WireDelivery | undefined>;
  ack(deliveryTag: number, multiple: boolean): void;
  nack(deliveryTag: number, requeue: boolean): void;
  reject(deliveryTag: number, requeue: boolean): void;
  /** Turns publisher confirms on. */
  selectConfirms(): Promise<void>;
  /** Whether the socket holds as much as it should: what is sent now waits in memory. */
  readonly congested: boolean;
  /**
   * Sends a message; the tag by which `confirmed` knows it counts from 1 in order of the calls since
   * `selectConfirms`.
   */
  publish(message: WireMessage): number;
  selectTransactions(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): Promise<void>;
}

/** A binding, by names. */
export interface DriverBinding {
  readonly destination: string;
  readonly source: string;
  readonly routingKey: string;
  readonly arguments: HeaderTable | undefined;
}

/** What the broker says of a queue. */
export interface DriverQueueState {
  readonly name: string;
  readonly messageCount: number;
  readonly consumerCount: number;
}

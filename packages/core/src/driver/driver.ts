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
  /** Which values it carries exactly in headers. */
  readonly headers: TableSupport;
  /** Which values it carries exactly in arguments of queues, exchanges, bindings and consumers. */
  readonly arguments: TableSupport;
  /**
   * Opens one connection. Rejects with `CONNECTION_FAILED` (retryable), `ACCESS_REFUSED` or `NOT_ALLOWED`.
   * It settles within `target.timeout`.
   */
  connect(target: DriverTarget, events: DriverConnectionEvents): Promise<DriverConnection>;
}

/** Where and how to open one connection. */
export interface DriverTarget {
  /** Name or address of the host. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** Virtual host. */
  readonly vhost: string;
  /** User to log in as. */
  readonly username: string;
  /** Its password. */
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
  /** Aborted once nobody wants the connection: an attempt under way ends at once, with `CLOSED`. */
  readonly signal?: AbortSignal;
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
  /** What the broker says of itself, where the driver tells: product, version, capabilities. */
  readonly serverProperties: HeaderTable | undefined;
  /** `connection.update-secret`: another password, or token, for the same user. Rejects as requests of channels do. */
  updateSecret(secret: string, reason: string): Promise<void>;
  /** Opens a channel. Rejects with `CONNECTION_LOST`, or `REFUSED` where no channel is left. */
  openChannel(events: DriverChannelEvents): Promise<DriverChannel>;
  /**
   * Says goodbye to the broker. May take for ever on a dead link: race it, then `destroy`, which settles it.
   */
  close(): Promise<void>;
  /** Lets go of the socket at once; tells nothing. Whatever waits for an answer rejects. */
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
  /** The channel is over, but not by `close`; told once. Nothing is told after it, and nothing is sent any more. */
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
  /** Queue to consume. */
  readonly queue: string;
  /** Its tag, which is unique on the channel; `''` lets the driver choose one. */
  readonly consumerTag: string;
  /** Deliveries count as acknowledged when sent. */
  readonly noAck: boolean;
  /** No other consumer beside it. */
  readonly exclusive: boolean;
  /** Arguments of the consumer. */
  readonly arguments: HeaderTable | undefined;
  /** Called for each delivery, perhaps before `consume` has settled and after `cancel` has. */
  readonly deliver: (delivery: WireDelivery) => void;
}

/**
 * One open channel. Promises settle when the link ends, and before that when the broker answers, which it may
 * never do: whoever awaits one brings a deadline.
 */
export interface DriverChannel {
  /** Number of the channel on its connection. */
  readonly id: number;
  /** `exchange.declare`. */
  declareExchange(spec: ExchangeSpec): Promise<void>;
  /** `exchange.declare` with `passive`. */
  checkExchange(name: string): Promise<void>;
  /** `exchange.delete`. */
  deleteExchange(name: string, options: { ifUnused: boolean }): Promise<void>;
  /** `exchange.bind`. */
  bindExchange(binding: DriverBinding): Promise<void>;
  /** `exchange.unbind`. */
  unbindExchange(binding: DriverBinding): Promise<void>;
  /** `queue.declare`. */
  declareQueue(spec: QueueSpec): Promise<DriverQueueState>;
  /** `queue.declare` with `passive`. */
  checkQueue(name: string): Promise<DriverQueueState>;
  /** `queue.delete`; gives how many messages went with it. */
  deleteQueue(name: string, options: { ifUnused: boolean; ifEmpty: boolean }): Promise<number>;
  /** `queue.purge`; gives how many messages were dropped. */
  purgeQueue(name: string): Promise<number>;
  /** `queue.bind`. */
  bindQueue(binding: DriverBinding): Promise<void>;
  /** `queue.unbind`. */
  unbindQueue(binding: DriverBinding): Promise<void>;
  /** `basic.qos`; the prefetch of consumers started from now on, or of the channel with `global`. */
  setQos(prefetch: number, global: boolean): Promise<void>;
  /** Starts a consumer and gives its tag. */
  consume(options: DriverConsume): Promise<string>;
  /** `basic.cancel`. */
  cancel(consumerTag: string): Promise<void>;
  /** `basic.get`; `undefined` when the queue is empty. */
  get(queue: string, options: { noAck: boolean }): Promise<WireDelivery | undefined>;
  /** `basic.ack`; nothing is sent on a channel that is over. */
  ack(deliveryTag: number, multiple: boolean): void;
  /** `basic.nack` of one delivery; likewise. */
  nack(deliveryTag: number, requeue: boolean): void;
  /** `basic.reject`; likewise. */
  reject(deliveryTag: number, requeue: boolean): void;
  /** Turns publisher confirms on. */
  selectConfirms(): Promise<void>;
  /** Whether it should be given nothing now: the socket holds as much as it should, or the channel is over. */
  readonly congested: boolean;
  /**
   * Sends a message; the tag by which `confirmed` knows it counts from 1 in order of the calls since
   * `selectConfirms`. Throws `INVALID_MESSAGE` where it cannot be written: nothing was sent then, and it has no tag. Whatever
   * comes of it is told later, not within the call.
   */
  publish(message: WireMessage): number;
  /** `tx.select`. */
  selectTransactions(): Promise<void>;
  /** `tx.commit`. */
  commit(): Promise<void>;
  /** `tx.rollback`. */
  rollback(): Promise<void>;
  /** `channel.close`. */
  close(): Promise<void>;
}

/** A binding, by names. */
export interface DriverBinding {
  /** Queue or exchange that is bound. */
  readonly destination: string;
  /** Exchange that it is bound to. */
  readonly source: string;
  /** Key that it is bound with. */
  readonly routingKey: string;
  /** Arguments of the binding. */
  readonly arguments: HeaderTable | undefined;
}

/** What the broker says of a queue. */
export interface DriverQueueState {
  /** Name of the queue, also where the broker chose it. */
  readonly name: string;
  /** Messages ready in it. */
  readonly messageCount: number;
  /** Its consumers. */
  readonly consumerCount: number;
}

/**
 * The driver port as far as the suite uses it. Declared here, and not imported from core, because core's own
 * tests run the suite; where a driver is handed in, the compiler compares the two.
 */
export interface DriverUnderTest {
  readonly headers: { readonly dates: boolean; readonly bytes: boolean };
  connect(target: Target, events: LinkEvents): Promise<LinkUnderTest>;
}

/** Where and how to open one connection. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  readonly tls: { readonly rejectUnauthorized?: boolean } | undefined;
  readonly heartbeat: number;
  readonly frameMax: number;
  readonly channelMax: number;
  readonly connectionName: string | undefined;
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** What a connection tells. */
export interface LinkEvents {
  lost(cause: Error): void;
  blocked(reason: string): void;
  unblocked(): void;
}

/** One open connection. */
export interface LinkUnderTest {
  readonly frameMax: number;
  openChannel(events: ChannelEvents): Promise<ChannelUnderTest>;
  close(): Promise<void>;
  destroy(): void;
}

/** Why a channel ended. */
export type End =
  | { readonly kind: 'connection'; readonly cause: Error }
  | {
      readonly kind: 'channel';
      readonly replyCode: number;
      readonly replyText: string;
      readonly publish: boolean;
    };

/** What a channel tells. */
export interface ChannelEvents {
  ended(end: End): void;
  confirmed(publishTag: number, multiple: boolean, ok: boolean): void;
  returned(message: Returned): void;
  cancelled(consumerTag: string): void;
  writable(): void;
}

/** One open channel. */
export interface ChannelUnderTest {
  declareExchange(spec: {
    readonly name: string;
    readonly type: string;
    readonly durable: boolean;
    readonly autoDelete: boolean;
    readonly internal: boolean;
    readonly arguments: Table | undefined;
  }): Promise<void>;
  checkExchange(name: string): Promise<void>;
  deleteExchange(name: string, options: { ifUnused: boolean }): Promise<void>;
  declareQueue(spec: {
    readonly name: string;
    readonly durable: boolean;
    readonly exclusive: boolean;
    readonly autoDelete: boolean;
    readonly arguments: Table | undefined;
  }): Promise<QueueState>;
  checkQueue(name: string): Promise<QueueState>;
  deleteQueue(name: string, options: { ifUnused: boolean; ifEmpty: boolean }): Promise<number>;
  purgeQueue(name: string): Promise<number>;
  bindQueue(binding: Binding): Promise<void>;
  unbindQueue(binding: Binding): Promise<void>;
  bindExchange(binding: Binding): Promise<void>;
  unbindExchange(binding: Binding): Promise<void>;
  setQos(prefetch: number, global: boolean): Promise<void>;
  consume(options: {
    readonly queue: string;
    readonly consumerTag: string;
    readonly noAck: boolean;
    readonly exclusive: boolean;
    readonly arguments: Table | undefined;
    readonly deliver: (delivery: Delivery) => void;
  }): Promise<string>;
  cancel(consumerTag: string): Promise<void>;
  get(queue: string, options: { noAck: boolean }): Promise<Delivery | undefined>;
  ack(deliveryTag: number, multiple: boolean): void;
  nack(deliveryTag: number, requeue: boolean): void;
  reject(deliveryTag: number, requeue: boolean): void;
  selectConfirms(): Promise<void>;
  readonly congested: boolean;
  publish(message: Outgoing): number;
  selectTransactions(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): Promise<void>;
}

/** A binding, by names. */
interface Binding {
  readonly destination: string;
  readonly source: string;
  readonly routingKey: string;
  readonly arguments: Table | undefined;
}

/** What the broker says of a queue. */
interface QueueState {
  readonly name: string;
  readonly messageCount: number;
  readonly consumerCount: number;
}

/** A value that every driver carries. */
type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | Uint8Array
  | readonly Value[]
  | Table;

/** Headers or arguments. */
interface Table {
  readonly [name: string]: Value | undefined;
}

/** The properties of a message. */
export interface Properties {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly headers: Table | undefined;
  readonly priority: number | undefined;
  readonly correlationId: string | undefined;
  readonly replyTo: string | undefined;
  readonly expiration: string | undefined;
  readonly timestamp: number | undefined;
  readonly type: string | undefined;
  readonly userId: string | undefined;
  readonly appId: string | undefined;
}

/** A message on its way out. */
export interface Outgoing extends Properties {
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
  readonly body: Uint8Array;
  readonly deliveryMode: 1 | 2;
  readonly messageId: string;
}

/** The same properties as they come in. */
interface Received {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Uint8Array;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly headers?: object | undefined;
  readonly deliveryMode?: number | undefined;
  readonly priority?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly expiration?: string | undefined;
  readonly messageId?: string | undefined;
  readonly timestamp?: number | undefined;
  readonly type?: string | undefined;
  readonly userId?: string | undefined;
  readonly appId?: string | undefined;
}

/** A delivered message. */
export interface Delivery extends Received {
  readonly consumerTag: string | undefined;
  readonly deliveryTag: number;
  readonly redelivered: boolean;
}

/** A returned message. */
export interface Returned extends Received {
  readonly replyCode: number;
  readonly replyText: string;
}

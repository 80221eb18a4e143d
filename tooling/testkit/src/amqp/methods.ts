import type { Arguments } from './values.ts';

type None = Readonly<Record<never, never>>;

/** Why a channel or a connection is closed. `methodId` is class times 65536 plus method, or 0. */
interface Closing {
  readonly replyCode: number;
  readonly replyText?: string;
  readonly methodId?: number;
}

interface Tuning {
  readonly channelMax: number;
  readonly frameMax: number;
  readonly heartbeat: number;
}

interface ExchangeBinding {
  readonly destination: string;
  readonly source: string;
  readonly routingKey?: string;
  readonly nowait?: boolean;
  readonly arguments?: Arguments;
}

interface QueueBinding {
  readonly queue?: string;
  readonly exchange: string;
  readonly routingKey?: string;
  readonly arguments?: Arguments;
}

/**
 * The fields of each AMQP 0-9-1 method that the codec knows, and of the few that are added to it. What is left out
 * when sending is zero, false or empty.
 */
export interface Methods {
  'connection.start': {
    readonly versionMajor: number;
    readonly versionMinor: number;
    readonly serverProperties: Readonly<Record<string, unknown>>;
    readonly mechanisms: string;
    readonly locales: string;
  };
  'connection.start-ok': {
    readonly clientProperties?: Readonly<Record<string, unknown>>;
    readonly mechanism: string;
    readonly response: string;
    readonly locale?: string;
  };
  'connection.secure': { readonly challenge: string };
  'connection.secure-ok': { readonly response: string };
  'connection.tune': Tuning;
  'connection.tune-ok': Tuning;
  'connection.open': { readonly virtualHost: string };
  'connection.open-ok': { readonly knownHosts: string };
  'connection.close': Closing;
  'connection.close-ok': None;
  'connection.blocked': { readonly reason: string };
  'connection.unblocked': None;
  'connection.update-secret': { readonly newSecret: string; readonly reason: string };
  'connection.update-secret-ok': None;
  'channel.open': None;
  'channel.open-ok': None;
  'channel.flow': { readonly active: boolean };
  'channel.flow-ok': { readonly active: boolean };
  'channel.close': Closing;
  'channel.close-ok': None;
  'access.request': { readonly realm: string };
  'access.request-ok': { readonly ticket: number };
  'exchange.declare': {
    readonly exchange: string;
    readonly type?: string;
    readonly passive?: boolean;
    readonly durable?: boolean;
    readonly autoDelete?: boolean;
    readonly internal?: boolean;
    readonly nowait?: boolean;
    readonly arguments?: Arguments;
  };
  'exchange.declare-ok': None;
  'exchange.delete': {
    readonly exchange: string;
    readonly ifUnused?: boolean;
    readonly nowait?: boolean;
  };
  'exchange.delete-ok': None;
  'exchange.bind': ExchangeBinding;
  'exchange.bind-ok': None;
  'exchange.unbind': ExchangeBinding;
  'exchange.unbind-ok': None;
  'queue.declare': {
    readonly queue?: string;
    readonly passive?: boolean;
    readonly durable?: boolean;
    readonly exclusive?: boolean;
    readonly autoDelete?: boolean;
    readonly nowait?: boolean;
    readonly arguments?: Arguments;
  };
  'queue.declare-ok': {
    readonly queue: string;
    readonly messageCount: number;
    readonly consumerCount: number;
  };
  'queue.bind': QueueBinding & { readonly nowait?: boolean };
  'queue.bind-ok': None;
  'queue.purge': { readonly queue?: string; readonly nowait?: boolean };
  'queue.purge-ok': { readonly messageCount: number };
  'queue.delete': {
    readonly queue?: string;
    readonly ifUnused?: boolean;
    readonly ifEmpty?: boolean;
    readonly nowait?: boolean;
  };
  'queue.delete-ok': { readonly messageCount: number };
  'queue.unbind': QueueBinding;
  'queue.unbind-ok': None;
  'basic.qos': {
    readonly prefetchSize?: number;
    readonly prefetchCount?: number;
    readonly global?: boolean;
  };
  'basic.qos-ok': None;
  'basic.consume': {
    readonly queue?: string;
    readonly consumerTag?: string;
    readonly noLocal?: boolean;
    readonly noAck?: boolean;
    readonly exclusive?: boolean;
    readonly nowait?: boolean;
    readonly arguments?: Arguments;
  };
  'basic.consume-ok': { readonly consumerTag: string };
  'basic.cancel': { readonly consumerTag: string; readonly nowait?: boolean };
  'basic.cancel-ok': { readonly consumerTag: string };
  'basic.publish': {
    readonly exchange?: string;
    readonly routingKey?: string;
    readonly mandatory?: boolean;
    readonly immediate?: boolean;
  };
  'basic.return': {
    readonly replyCode: number;
    readonly replyText: string;
    readonly exchange: string;
    readonly routingKey: string;
  };
  'basic.deliver': {
    readonly consumerTag: string;
    readonly deliveryTag: number;
    readonly redelivered: boolean;
    readonly exchange: string;
    readonly routingKey: string;
  };
  'basic.get': { readonly queue?: string; readonly noAck?: boolean };
  'basic.get-ok': {
    readonly deliveryTag: number;
    readonly redelivered: boolean;
    readonly exchange: string;
    readonly routingKey: string;
    readonly messageCount: number;
  };
  'basic.get-empty': None;
  'basic.ack': { readonly deliveryTag: number; readonly multiple?: boolean };
  'basic.reject': { readonly deliveryTag: number; readonly requeue?: boolean };
  'basic.nack': {
    readonly deliveryTag: number;
    readonly multiple?: boolean;
    readonly requeue?: boolean;
  };
  'basic.recover': { readonly requeue?: boolean };
  'basic.recover-ok': None;
  'basic.recover-async': { readonly requeue?: boolean };
  'confirm.select': { readonly nowait?: boolean };
  'confirm.select-ok': None;
  'tx.select': None;
  'tx.select-ok': None;
  'tx.commit': None;
  'tx.commit-ok': None;
  'tx.rollback': None;
  'tx.rollback-ok': None;
}

/** A method by its name in the specification, such as `queue.declare-ok`. */
export type Method = keyof Methods;

/** A method that is answered by one of its name with `-ok`. */
export type Call = { [M in Method]: `${M}-ok` extends Method ? M : never }[Method];

/** The name of the answer of a method. */
export type ReplyOf<M extends Call> = `${M}-ok` & Method;

/** A method that is followed by a message. */
type ContentMethod = 'basic.publish' | 'basic.return' | 'basic.deliver' | 'basic.get-ok';

/** A message, as it came behind its method. */
export interface Content {
  /** The properties as the codec reads them; headers lose the types of their numbers. */
  readonly properties: ReceivedProperties;
  /** The properties as they came: flags, then values. */
  readonly rawProperties: Buffer;
  readonly body: Buffer;
  /** The body as UTF-8. */
  readonly text: string;
  /** The size of each body frame's payload, in bytes. */
  readonly bodyFrames: readonly number[];
}

/** The properties of a received message; those that it does not have are absent. */
export interface ReceivedProperties {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly deliveryMode?: number;
  readonly priority?: number;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly expiration?: string;
  readonly messageId?: string;
  readonly timestamp?: number;
  readonly type?: string;
  readonly userId?: string;
  readonly appId?: string;
  readonly clusterId?: string;
}

/** A method that arrived: its name, its fields, and the message behind it where it carries one. */
export type Arrived<M extends Method = Method> = M extends Method
  ? { readonly method: M } & Methods[M] & (M extends ContentMethod ? Content : unknown)
  : never;

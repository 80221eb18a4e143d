/**
 * What a header may hold. Integers travel as AMQP integers, fractions as doubles, `bigint` as a 64-bit
 * integer, `Date` as a timestamp in whole seconds, `Uint8Array` as a byte array, strings as long strings. On
 * receipt an integer is a `bigint` only where no number holds it. What a driver cannot carry it refuses with
 * `INVALID_MESSAGE`.
 */
export type HeaderValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | Uint8Array
  | readonly HeaderValue[]
  | HeaderTable;

/** An AMQP table: headers of a message, or arguments of a queue, exchange, binding or consumer. */
export interface HeaderTable {
  readonly [name: string]: HeaderValue | undefined;
}

/** The properties that a message can carry (AMQP 0-9-1, class basic), all of them optional. */
export interface MessageProperties {
  /** Media type of the body, such as `application/json`. */
  readonly contentType?: string | undefined;
  /** Encoding of the body, such as `gzip`. */
  readonly contentEncoding?: string | undefined;
  /** Headers of the application, also what headers exchanges route by. */
  readonly headers?: HeaderTable | undefined;
  /** 2 is kept on disk by a durable queue, 1 is not. Default 2. */
  readonly deliveryMode?: 1 | 2 | undefined;
  /** 0 to 255; matters to queues with priorities. */
  readonly priority?: number | undefined;
  /** Ties a reply to its request. */
  readonly correlationId?: string | undefined;
  /** Queue to answer to. */
  readonly replyTo?: string | undefined;
  /** Milliseconds after which a queue drops or dead-letters the message: a whole number up to 2^32 - 1. */
  readonly expiration?: number | undefined;
  /** Identity of the message, kept when it is sent again. Default: a unique one. */
  readonly messageId?: string | undefined;
  /** Travels in whole seconds, so milliseconds are dropped. Default: none. */
  readonly timestamp?: Date | undefined;
  /** Name of the kind of message. */
  readonly type?: string | undefined;
  /** Must be the user that the connection is open as: RabbitMQ validates it. */
  readonly userId?: string | undefined;
  /** Name of the sending application. */
  readonly appId?: string | undefined;
}

/** A message to be published. Neither it nor what it holds may be changed until the publish has settled. */
export interface OutgoingMessage extends Omit<MessageProperties, 'expiration'> {
  /**
   * Milliseconds after which a queue drops or dead-letters the message: a whole number up to 2^32 - 1; or the
   * date until which it may wait, which counts from when `publish` is called. 0, or a date that has passed, is for
   * whoever is ready for it at once.
   */
  readonly expiration?: number | Date | undefined;
  /** The bytes to send; see codecs for values. */
  readonly body: Uint8Array;
}

/** A checked message in the form in which a driver sends it. */
export interface WireMessage {
  /** Exchange that it was published to; `''` is the default exchange. */
  readonly exchange: string;
  /** Key that it was published with. */
  readonly routingKey: string;
  /** Whether it comes back when it reaches no queue. */
  readonly mandatory: boolean;
  /** Its bytes. */
  readonly body: Uint8Array;
  /** Media type of the body. */
  readonly contentType: string | undefined;
  /** Encoding of the body. */
  readonly contentEncoding: string | undefined;
  /** Its headers. */
  readonly headers: HeaderTable | undefined;
  /** 2 if it is kept on disk by a durable queue, 1 if not. */
  readonly deliveryMode: 1 | 2;
  /** Its priority. */
  readonly priority: number | undefined;
  /** What ties a reply to its request. */
  readonly correlationId: string | undefined;
  /** Queue to answer to. */
  readonly replyTo: string | undefined;
  /** Milliseconds, in digits. */
  readonly expiration: string | undefined;
  /** Identity of the message. */
  readonly messageId: string;
  /** Seconds since 1970. */
  readonly timestamp: number | undefined;
  /** Name of the kind of message. */
  readonly type: string | undefined;
  /** The user who publishes it. */
  readonly userId: string | undefined;
  /** Name of the sending application. */
  readonly appId: string | undefined;
}

/** Properties in the form in which a driver received them. */
export interface WireProperties {
  /** Media type of the body. */
  readonly contentType?: string | undefined;
  /** Encoding of the body. */
  readonly contentEncoding?: string | undefined;
  /** Its headers. */
  readonly headers?: HeaderTable | undefined;
  /** 2 if it is kept on disk by a durable queue, 1 if not. */
  readonly deliveryMode?: number | undefined;
  /** Its priority. */
  readonly priority?: number | undefined;
  /** What ties a reply to its request. */
  readonly correlationId?: string | undefined;
  /** Queue to answer to. */
  readonly replyTo?: string | undefined;
  /** Milliseconds, in digits. */
  readonly expiration?: string | undefined;
  /** Identity of the message. */
  readonly messageId?: string | undefined;
  /** Seconds since 1970. */
  readonly timestamp?: number | undefined;
  /** Name of the kind of message. */
  readonly type?: string | undefined;
  /** The user who publishes it. */
  readonly userId?: string | undefined;
  /** Name of the sending application. */
  readonly appId?: string | undefined;
}

/** A delivered message in the form in which a driver received it. */
export interface WireDelivery extends WireProperties {
  /** Consumer that it is delivered to; `undefined` for one fetched. */
  readonly consumerTag: string | undefined;
  /** Number of the delivery on its channel. */
  readonly deliveryTag: number;
  /** Whether it was delivered before. */
  readonly redelivered: boolean;
  /** Messages that were left in the queue; `undefined` for one that a consumer got. */
  readonly messageCount?: number | undefined;
  /** Exchange that it was published to; `''` is the default exchange. */
  readonly exchange: string;
  /** Key that it was published with. */
  readonly routingKey: string;
  /** Its bytes. */
  readonly body: Uint8Array;
}

/** A returned message in the form in which a driver received it. */
export interface WireReturn extends WireProperties {
  /** Why it came back: 312 is NO_ROUTE. */
  readonly replyCode: number;
  /** The broker's words. */
  readonly replyText: string;
  /** Exchange that it was published to; `''` is the default exchange. */
  readonly exchange: string;
  /** Key that it was published with. */
  readonly routingKey: string;
  /** Its bytes. */
  readonly body: Uint8Array;
}

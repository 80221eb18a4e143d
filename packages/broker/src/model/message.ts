import type { Properties } from '../base/properties.ts';

/** Properties and body of a message, in a form that only those know who read and write the wire. */
export interface Content {
  /** The properties, decoded anew at each read. */
  readonly properties: Properties;
  /** The properties as they stand on the wire, which the model only hands on. */
  readonly header: Buffer;
  readonly body: Buffer;
  /** Size of the body in bytes. */
  readonly bodySize: number;
  /** Bytes that it keeps in memory. */
  readonly byteLength: number;
  /** The same body with other properties. */
  with(properties: Properties): Content;
}

/** A message that was published. It may lie in several queues at once, so nothing in it changes. */
export interface Message {
  /** The exchange that it was published to; `''` is the default exchange. */
  readonly exchange: string;
  readonly routingKey: string;
  /** Further routing keys, from the headers `CC` and `BCC`. */
  readonly cc: readonly string[] | undefined;
  /** Delivery mode 2: survives a restart in a durable queue. */
  readonly persistent: boolean;
  /** 0 to 255; 0 where the publisher gave none. */
  readonly priority: number;
  /** Time to live in milliseconds. */
  readonly expiration: number | undefined;
  readonly content: Content;
}

/** A message in one queue: ready, or with a consumer. */
export interface Entry {
  readonly message: Message;
  /** Place in the queue: a requeued entry goes back to where it was. */
  readonly position: number;
  /** When it expires, in milliseconds of the clock. */
  readonly expiresAt: number | undefined;
  /** Whether it was handed out before. */
  redelivered: boolean;
  /** How often it came back in a way that counts towards the delivery limit. */
  deliveryCount: number;
  /** How often it was handed out. */
  acquiredCount: number;
  /** Whether `basic.get` took it. */
  fetched: boolean;
}

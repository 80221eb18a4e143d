import { type InspectOptions, inspect } from 'node:util';
import type { HeaderTable, MessageProperties, WireProperties, WireReturn } from './message.ts';

/** The last second that a `Date` holds (ECMA-262, section 21.4.1.1); a peer may write any 64 bits. */
export const LATEST_SECOND = 8.64e12;

const NO_HEADERS: HeaderTable = Object.freeze({});

/** What is known of a message but its body. */
export interface MessageInfo extends MessageProperties {
  /** Exchange that it was published to; `''` is the default exchange. */
  readonly exchange: string;
  /** Key that it was published with. */
  readonly routingKey: string;
  /** Bytes of its body. */
  readonly bodySize: number;
}

/**
 * A message as it came from the broker, with properties in the same form in which they are published, so
 * that it can be published again as it is.
 */
export class ReceivedMessage implements MessageProperties {
  static {
    // What `console.log` shows of it.
    Object.defineProperty(this.prototype, inspect.custom, {
      value(this: ReceivedMessage, _depth: number, options: InspectOptions): string {
        return `${this.constructor.name} ${inspect(this.info(), options)}`;
      },
    });
  }

  readonly #wire: WireProperties & { readonly body: Uint8Array };
  /** Exchange that it was published to; `''` is the default exchange. */
  readonly exchange: string;
  /** Key that it was published with. */
  readonly routingKey: string;

  constructor(wire: WireProperties & Pick<WireReturn, 'body' | 'exchange' | 'routingKey'>) {
    this.#wire = wire;
    this.exchange = wire.exchange;
    this.routingKey = wire.routingKey;
  }

  /** The very bytes that were sent. */
  get body(): Uint8Array {
    return this.#wire.body;
  }

  /** Its properties as a plain object, to publish the message again with some of them changed. */
  get properties(): MessageProperties {
    return {
      contentType: this.contentType,
      contentEncoding: this.contentEncoding,
      headers: this.headers,
      deliveryMode: this.deliveryMode,
      priority: this.priority,
      correlationId: this.correlationId,
      replyTo: this.replyTo,
      expiration: this.expiration,
      messageId: this.messageId,
      timestamp: this.timestamp,
      type: this.type,
      userId: this.userId,
      appId: this.appId,
    };
  }

  /** Everything that is known of it but its body, as a plain object, for logs. */
  info(): MessageInfo {
    const { exchange, routingKey, body } = this;
    return { ...this.properties, exchange, routingKey, bodySize: body.byteLength };
  }

  /** Media type of the body. */
  get contentType(): string | undefined {
    return this.#wire.contentType;
  }

  /** Encoding of the body. */
  get contentEncoding(): string | undefined {
    return this.#wire.contentEncoding;
  }

  /** Headers; an empty object where there are none. */
  get headers(): HeaderTable {
    return this.#wire.headers ?? NO_HEADERS;
  }

  /** 2 if it is kept on disk by a durable queue, 1 if not. */
  get deliveryMode(): 1 | 2 | undefined {
    const mode = this.#wire.deliveryMode;
    return mode === 1 || mode === 2 ? mode : undefined;
  }

  /** Its priority, where it has one. */
  get priority(): number | undefined {
    return this.#wire.priority;
  }

  /** What ties a reply to its request. */
  get correlationId(): string | undefined {
    return this.#wire.correlationId;
  }

  /** Queue to answer to. */
  get replyTo(): string | undefined {
    return this.#wire.replyTo;
  }

  /** Time to live in milliseconds; `undefined` also where the peer wrote something else. */
  get expiration(): number | undefined {
    const { expiration } = this.#wire;
    return expiration !== undefined && /^\d{1,15}$/.test(expiration)
      ? Number(expiration)
      : undefined;
  }

  /** Identity of the message. */
  get messageId(): string | undefined {
    return this.#wire.messageId;
  }

  /** When it was published, as the publisher says, in whole seconds; `undefined` also past what a `Date` holds. */
  get timestamp(): Date | undefined {
    const { timestamp } = this.#wire;
    return timestamp === undefined || timestamp > LATEST_SECOND
      ? undefined
      : new Date(timestamp * 1000);
  }

  /** Name of the kind of message. */
  get type(): string | undefined {
    return this.#wire.type;
  }

  /** The user who published it, as RabbitMQ has validated it. */
  get userId(): string | undefined {
    return this.#wire.userId;
  }

  /** Name of the sending application. */
  get appId(): string | undefined {
    return this.#wire.appId;
  }
}

/** What is known of a message that came back but its body. */
export interface ReturnedInfo extends MessageInfo {
  /** Why it came back; 312 is NO_ROUTE. */
  readonly replyCode: number;
  /** The broker's words. */
  readonly replyText: string;
}

/** A mandatory message that reached no queue, as the broker gave it back. */
export class ReturnedMessage extends ReceivedMessage {
  /** Why it came back; 312 is NO_ROUTE. */
  readonly replyCode: number;
  /** The broker's words; they differ between versions. */
  readonly replyText: string;

  constructor(wire: WireReturn) {
    super(wire);
    this.replyCode = wire.replyCode;
    this.replyText = wire.replyText;
  }

  /** The same, and why it came back. */
  override info(): ReturnedInfo {
    const { replyCode, replyText } = this;
    return { ...super.info(), replyCode, replyText };
  }
}

import type { WireDelivery, WireProperties, WireReturn } from '../../message/message.ts';
import type { ContentHeader } from './content-header.ts';
import { ProtocolViolation } from './failures.ts';
import type { Announcement } from './methods.ts';
import { Pieces } from './pieces.ts';
import { LARGEST_BODY, METHOD } from './protocol.ts';

/** Where whole messages go. */
export interface MessageSink {
  delivered(message: WireDelivery): void;
  fetched(message: WireDelivery): void;
  returned(message: WireReturn): void;
}

/**
 * Puts the messages of one channel together from their frames: method, header, body, in that order and with
 * nothing between them. Bodies are the very bytes that came, counted by the size that the header announces,
 * so any split over frames will do. What it holds is bounded by what has come and by the largest message that
 * RabbitMQ can be told to take.
 */
export class Assembly {
  /** Given from the method on, for the time that the message is on its way. */
  #method: Announcement | undefined;
  /** Given from the header on. */
  #properties: Required<WireProperties> | undefined;
  #size = 0;
  readonly #body = new Pieces();
  readonly #sink: MessageSink;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** Whether a message is on its way: the next frame must be of it. */
  get busy(): boolean {
    return this.#method !== undefined;
  }

  /** A method that a message follows. */
  method(announcement: Announcement): void {
    this.#method = announcement;
  }

  /** The properties and size of the message. */
  header({ bodySize, properties }: ContentHeader): void {
    if (!this.#method || this.#properties)
      throw new ProtocolViolation('the server sent a content header that belongs to no message');
    if (bodySize > LARGEST_BODY)
      throw new ProtocolViolation(`the server announced a message of ${bodySize} bytes`);
    this.#properties = properties;
    this.#size = bodySize;
    if (bodySize === 0) this.#finish(this.#method, properties);
  }

  /** A piece of its body. */
  body(payload: Buffer): void {
    if (!this.#method || !this.#properties || this.#body.size + payload.length > this.#size)
      throw new ProtocolViolation('the server sent more of a body than it announced');
    this.#body.add(payload);
    if (this.#body.size === this.#size) this.#finish(this.#method, this.#properties);
  }

  #finish(method: Announcement, properties: Required<WireProperties>): void {
    const body = this.#body.take();
    this.#method = undefined;
    this.#properties = undefined;
    switch (method.id) {
      case METHOD.basicDeliver:
        return this.#sink.delivered(deliveryOf(method, properties, body));
      case METHOD.basicGetOk:
        return this.#sink.fetched(deliveryOf(method, properties, body));
      case METHOD.basicReturn: {
        const { replyCode, replyText, exchange, routingKey } = method;
        return this.#sink.returned({
          ...properties,
          replyCode,
          replyText,
          exchange,
          routingKey,
          body,
        });
      }
    }
  }
}

/** One shape for all deliveries: whatever reads them then finds each field in one place. */
function deliveryOf(
  method: Exclude<Announcement, { readonly id: typeof METHOD.basicReturn }>,
  properties: Required<WireProperties>,
  body: Buffer,
): WireDelivery {
  const fetched = method.id === METHOD.basicGetOk;
  return {
    consumerTag: fetched ? undefined : method.consumerTag,
    deliveryTag: method.deliveryTag,
    redelivered: method.redelivered,
    messageCount: fetched ? method.messageCount : undefined,
    exchange: method.exchange,
    routingKey: method.routingKey,
    contentType: properties.contentType,
    contentEncoding: properties.contentEncoding,
    headers: properties.headers,
    deliveryMode: properties.deliveryMode,
    priority: properties.priority,
    correlationId: properties.correlationId,
    replyTo: properties.replyTo,
    expiration: properties.expiration,
    messageId: properties.messageId,
    timestamp: properties.timestamp,
    type: properties.type,
    userId: properties.userId,
    appId: properties.appId,
    body,
  };
}

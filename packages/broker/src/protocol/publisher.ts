import { AmqpError } from '../base/amqp-error.ts';
import { emptyTable } from '../base/field.ts';
import type { Properties } from '../base/properties.ts';
import type { Message } from '../model/message.ts';
import type { PublishOutcome, Route } from '../model/vhost.ts';
import type { Confirms } from './confirms.ts';
import type { Publish } from './content-assembly.ts';
import { isAddress, isReply, REPLY_TO } from './direct-replies.ts';
import type { Link } from './link.ts';
import {
  expirationOf,
  furtherRoutingKeys,
  isSorted,
  sorted,
  withoutBcc,
} from './message-headers.ts';
import type { Session } from './session.ts';

/** A message that passed all checks, and whether it must find a queue. */
export interface CheckedPublish {
  readonly message: Message;
  readonly properties: Properties;
  readonly mandatory: boolean;
}

const PERSISTENT = 2;

/** The address that a channel consumes direct replies by, if it does. */
type ReplyAddress = () => string | undefined;

/** Publishes of one channel: checked, routed, returned where nobody takes them. */
export class Publisher {
  readonly #link: Link;
  readonly #session: Session;
  readonly #replyAddress: ReplyAddress;

  constructor(link: Link, session: Session, replyAddress: ReplyAddress) {
    this.#link = link;
    this.#session = session;
    this.#replyAddress = replyAddress;
  }

  /**
   * Checks a publish in the order of RabbitMQ.
   *
   * @throws AmqpError 403 without permission or for an internal exchange, 404 for a missing one, 406 for wrong
   *   properties, 540 for `immediate`, 541 for properties that cannot be decoded
   */
  check(publish: Publish): CheckedPublish {
    const { exchange, routingKey, mandatory, immediate } = publish.fields;
    this.#session.authorize('write', exchange);
    if (immediate) throw new AmqpError(540, 'immediate=true');
    this.#session.vhost.checkPublishable(exchange);
    const { properties } = publish.content;
    this.#checkUser(properties.userId);
    this.#checkDeliveryMode(properties.deliveryMode);
    const expiration = expirationOf(properties.expiration);
    const headers = properties.headers ?? emptyTable;
    const cc = furtherRoutingKeys(headers);
    const shown = this.#shown(properties, expiration);
    const content = shown === properties ? publish.content : publish.content.with(shown);
    const { deliveryMode, priority = 0 } = properties;
    const persistent = deliveryMode === PERSISTENT;
    const message = { exchange, routingKey, cc, persistent, priority, expiration, content };
    return { message, properties, mandatory };
  }

  /** Finds the queues of a checked publish. */
  route({ message, properties }: CheckedPublish): Route {
    return this.#session.vhost.route(message, properties.headers);
  }

  /**
   * Delivers a checked publish and answers it as the mode says.
   *
   * @param route where it goes, if that was found before
   */
  publish(publish: CheckedPublish, confirms: Confirms | undefined, route?: Route): void {
    this.#session.traffic.published += 1;
    if (confirms !== undefined && this.#session.faults.confirms.kind === 'nack') {
      confirms.settle(false);
      return;
    }
    const outcome = isReply(publish.message)
      ? this.#reply(publish.message)
      : this.#session.vhost.deliver(publish.message, route ?? this.route(publish));
    if (outcome === 'unroutable' && publish.mandatory) this.#return(publish);
    confirms?.settle(outcome !== 'refused');
  }

  /** A reply goes to whoever asked, and to nobody where they are gone. */
  #reply(message: Message): PublishOutcome {
    this.#session.replies.find(message.routingKey)?.takeReply(message);
    const routed = !this.#session.rules.returnsReplies && isAddress(message.routingKey);
    return routed ? 'routed' : 'unroutable';
  }

  #return({ message }: CheckedPublish): void {
    const { exchange, routingKey, content } = message;
    this.#session.traffic.returned += 1;
    this.#link.send('basic.return', {
      replyCode: 312,
      replyText: 'NO_ROUTE',
      exchange,
      routingKey,
    });
    this.#link.sendContent(content);
  }

  #checkUser(userId: string | undefined): void {
    const { user } = this.#session;
    if (userId === undefined || userId === user.name || user.tags.includes('impersonator')) return;
    throw new AmqpError(
      406,
      `user_id property set to '${userId}' but authenticated user was '${user.name}'`,
    );
  }

  #checkDeliveryMode(mode: number | undefined): void {
    if (!this.#session.rules.checksDeliveryMode) return;
    if (mode === undefined || mode === 1 || mode === PERSISTENT) return;
    throw new AmqpError(406, `invalid delivery mode ${mode}`);
  }

  /** What consumers see: the very same properties, where nothing needs another form. */
  #shown(properties: Properties, expiration: number | undefined): Properties {
    let shown = properties;
    if (properties.replyTo === REPLY_TO) shown = { ...shown, replyTo: this.#ownReplyAddress() };
    if (properties.headers?.has('BCC')) shown = withoutBcc(shown);
    if (shown.headers && this.#session.rules.sortsHeaders && !isSorted(shown.headers)) {
      shown = { ...shown, headers: sorted(shown.headers) };
    }
    if (expiration !== undefined && this.#session.rules.rewritesExpiration) {
      const written = String(expiration);
      if (written !== properties.expiration) shown = { ...shown, expiration: written };
    }
    return shown;
  }

  #ownReplyAddress(): string {
    const address = this.#replyAddress();
    if (address !== undefined) return address;
    throw new AmqpError(406, 'fast reply consumer does not exist');
  }
}

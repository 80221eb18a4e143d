import { AmqpError } from '../base/amqp-error.ts';
import type { Message } from '../model/message.ts';
import { type ConsumeRequest, newConsumerTag } from './consumers.ts';
import type { ReplyTaker } from './direct-replies.ts';
import type { Link } from './link.ts';
import type { Session } from './session.ts';

/** The one consumer of `amq.rabbitmq.reply-to` that a channel may have. */
export class ReplyConsumer implements ReplyTaker {
  readonly #link: Link;
  readonly #session: Session;
  readonly #nextTag: () => number;
  #state:
    | { readonly kind: 'none' }
    | { readonly kind: 'consuming'; readonly tag: string; readonly address: string } = {
    kind: 'none',
  };

  constructor(link: Link, session: Session, nextTag: () => number) {
    this.#link = link;
    this.#session = session;
    this.#nextTag = nextTag;
  }

  /** What the property `reply_to` of requests becomes; undefined while nobody consumes. */
  get address(): string | undefined {
    return this.#state.kind === 'consuming' ? this.#state.address : undefined;
  }

  /** The consumer's tag; undefined while nobody consumes. */
  get tag(): string | undefined {
    return this.#state.kind === 'consuming' ? this.#state.tag : undefined;
  }

  /**
   * `basic.consume` from `amq.rabbitmq.reply-to`.
   *
   * @throws AmqpError 406 with acknowledgements, or for a second consumer on the channel
   */
  start(request: ConsumeRequest): string {
    if (this.#state.kind === 'consuming') throw new AmqpError(406, 'reply consumer already set');
    if (!request.noAck) throw new AmqpError(406, 'reply consumer cannot acknowledge');
    const tag = request.consumerTag === '' ? newConsumerTag() : request.consumerTag;
    this.#state = { kind: 'consuming', tag, address: this.#session.replies.register(this) };
    return tag;
  }

  /** Ends it; nothing when there is none. */
  cancel(): void {
    if (this.#state.kind === 'none') return;
    this.#session.replies.unregister(this.#state.address);
    this.#state = { kind: 'none' };
  }

  takeReply(message: Message): void {
    if (this.#state.kind === 'none') return;
    const { exchange, routingKey, content } = message;
    this.#session.traffic.delivered += 1;
    this.#link.send('basic.deliver', {
      consumerTag: this.#state.tag,
      deliveryTag: this.#nextTag(),
      redelivered: false,
      exchange,
      routingKey,
    });
    this.#link.sendContent(content);
  }
}

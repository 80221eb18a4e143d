import { randomBytes } from 'node:crypto';
import type { Message } from '../model/message.ts';

/** The queue name that stands for the client itself (https://www.rabbitmq.com/docs/direct-reply-to). */
export const REPLY_TO = 'amq.rabbitmq.reply-to';

/** What every address begins with. */
const REPLY_PREFIX = `${REPLY_TO}.`;

/** What follows in the addresses that this broker gives out: 16 random bytes. */
const TOKEN = /^[\w-]{22}$/;

/** Whoever consumes from `amq.rabbitmq.reply-to`. */
export interface ReplyTaker {
  /** Hands a reply over; replies are never stored, so one that cannot be taken is dropped. */
  takeReply(message: Message): void;
}

/** The addresses that were given to clients who wait for direct replies. */
export class DirectReplies {
  readonly #takers = new Map<string, ReplyTaker>();

  /** A new address for a taker, such as `amq.rabbitmq.reply-to.g3J…`. */
  register(taker: ReplyTaker): string {
    const address = `${REPLY_PREFIX}${randomBytes(16).toString('base64url')}`;
    this.#takers.set(address, taker);
    return address;
  }

  unregister(address: string): void {
    this.#takers.delete(address);
  }

  /** Who is behind an address, if anybody still is. */
  find(address: string): ReplyTaker | undefined {
    return this.#takers.get(address);
  }
}

/** Whether a queue name is one of direct reply-to, which no real queue can have. */
export function isReplyAddress(name: string): boolean {
  return name === REPLY_TO || name.startsWith(REPLY_PREFIX);
}

/** Whether a message goes to an address of direct reply-to. */
export function isReply({ exchange, routingKey }: Message): boolean {
  return exchange === '' && routingKey.startsWith(REPLY_PREFIX);
}

/** Whether an address may have been given out, also if nobody is behind it any more. */
export function isAddress(routingKey: string): boolean {
  return TOKEN.test(routingKey.slice(REPLY_PREFIX.length));
}

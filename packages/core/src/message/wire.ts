import { randomBytes } from 'node:crypto';
import { millisecondsUntil } from './check-message.ts';
import type { OutgoingMessage, WireMessage } from './message.ts';

const prefix = randomBytes(9).toString('base64url');
let count = 0;

/** An id that no other message has: 72 random bits of this process and a count. */
export function nextMessageId(): string {
  return `${prefix}-${(count++).toString(36)}`;
}

/** Milliseconds, in digits. */
function timeToLive(expiration: number | Date): string {
  return String(typeof expiration === 'number' ? expiration : millisecondsUntil(expiration));
}

/** The form of a checked message in which a driver sends it, defaults filled in. */
export function toWire(
  message: OutgoingMessage,
  exchange: string,
  routingKey: string,
  mandatory: boolean,
): WireMessage {
  const { expiration, timestamp } = message;
  return {
    exchange,
    routingKey,
    mandatory,
    body: message.body,
    contentType: message.contentType,
    contentEncoding: message.contentEncoding,
    headers: message.headers,
    deliveryMode: message.deliveryMode ?? 2,
    priority: message.priority,
    correlationId: message.correlationId,
    replyTo: message.replyTo,
    expiration: expiration === undefined ? undefined : timeToLive(expiration),
    messageId: message.messageId ?? nextMessageId(),
    timestamp: timestamp === undefined ? undefined : Math.floor(timestamp.getTime() / 1000),
    type: message.type,
    userId: message.userId,
    appId: message.appId,
  };
}

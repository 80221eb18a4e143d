import type { WireMessage } from '../../message/message.ts';
import {
  AROUND_PAYLOAD,
  CLASS_BASIC,
  FRAME,
  FRAME_END,
  FRAME_PREFIX,
  METHOD,
  PROPERTY,
} from './protocol.ts';
import { writeLong, writeLonglong, writePrefix, writeShort, writeShortstr } from './write.ts';

// What goes before the body of a message that is published: the method, and the content header (AMQP 0-9-1 specification,
// sections 2.3.5 and 4.2.6).

/** Of `basic.publish`: method id and a reserved field before the names, flags behind them. */
const METHOD_FIXED = 7;
const MANDATORY = 1;

/** Of a content header: class, weight, size of the body, flags. */
const HEADER_FIXED = 14;

/** Bytes that method and content header of a checked message with these headers take at most, with their frames. */
export function headSize(message: WireMessage, headers: Buffer | undefined): number {
  const properties = propertiesSize(message) + (headers?.length ?? 0);
  return methodSize(message) + HEADER_FIXED + properties + 2 * AROUND_PAYLOAD;
}

/** Writes both; gives where they end. Throws where the content header has more than `most` bytes, since the broker would. */
export function writeHead(
  bytes: Buffer,
  start: number,
  channel: number,
  message: WireMessage,
  headers: Buffer | undefined,
  most: number,
): number {
  const { exchange, routingKey, mandatory, body } = message;
  const method = start + FRAME_PREFIX;
  let at = writeLong(bytes, method, METHOD.basicPublish);
  at = writeShort(bytes, at, 0);
  at = writeShortstr(bytes, at, exchange);
  at = writeShortstr(bytes, at, routingKey);
  bytes[at++] = mandatory ? MANDATORY : 0;
  writePrefix(bytes, start, FRAME.method, channel, at - method);
  bytes[at++] = FRAME_END;
  const header = at + FRAME_PREFIX;
  at = writeLong(bytes, header, CLASS_BASIC * 2 ** 16);
  at = writeLonglong(bytes, at, body.byteLength);
  at = writeProperties(bytes, at, message, headers);
  if (at - header > most) throw new RangeError('the headers outgrew their frame');
  writePrefix(bytes, header - FRAME_PREFIX, FRAME.header, channel, at - header);
  bytes[at++] = FRAME_END;
  return at;
}

function methodSize({ exchange, routingKey }: WireMessage): number {
  return METHOD_FIXED + textSize(exchange) + textSize(routingKey);
}

function propertiesSize(message: WireMessage): number {
  return (
    textSize(message.contentType) +
    textSize(message.contentEncoding) +
    1 + // the delivery mode
    (message.priority === undefined ? 0 : 1) +
    textSize(message.correlationId) +
    textSize(message.replyTo) +
    textSize(message.expiration) +
    textSize(message.messageId) +
    (message.timestamp === undefined ? 0 : 8) +
    textSize(message.type) +
    textSize(message.userId) +
    textSize(message.appId)
  );
}

/** Writes the flags, and the properties in the order in which they stand. */
function writeProperties(
  bytes: Buffer,
  start: number,
  message: WireMessage,
  headers: Buffer | undefined,
): number {
  let flags: number = PROPERTY.deliveryMode;
  let at = start + 2;
  const text = (flag: number, value: string | undefined): void => {
    if (value === undefined) return;
    flags |= flag;
    at = writeShortstr(bytes, at, value);
  };
  text(PROPERTY.contentType, message.contentType);
  text(PROPERTY.contentEncoding, message.contentEncoding);
  if (headers !== undefined) {
    flags |= PROPERTY.headers;
    at += headers.copy(bytes, at);
  }
  bytes[at++] = message.deliveryMode;
  if (message.priority !== undefined) {
    flags |= PROPERTY.priority;
    at = bytes.writeUInt8(message.priority, at);
  }
  text(PROPERTY.correlationId, message.correlationId);
  text(PROPERTY.replyTo, message.replyTo);
  text(PROPERTY.expiration, message.expiration);
  text(PROPERTY.messageId, message.messageId);
  if (message.timestamp !== undefined) {
    flags |= PROPERTY.timestamp;
    at = writeLonglong(bytes, at, message.timestamp);
  }
  text(PROPERTY.type, message.type);
  text(PROPERTY.userId, message.userId);
  text(PROPERTY.appId, message.appId);
  writeShort(bytes, start, flags);
  return at;
}

/** A UTF-16 unit takes at most three bytes; to count them would cost more than the room. */
function textSize(text: string | undefined): number {
  return text === undefined ? 0 : 1 + 3 * text.length;
}

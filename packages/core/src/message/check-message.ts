import { InvalidMessageError } from '../errors/leveret-error.ts';
import { systemClock } from '../internal/clock.ts';
import { isShortstr } from '../internal/shortstr.ts';
import { checkTable, type TableSupport } from './check-table.ts';
import type { HeaderTable, MessageProperties, OutgoingMessage } from './message.ts';

/** What bounds a message on the connection in use. */
export interface MessageLimits {
  /** Negotiated size of a frame in bytes; the properties of a message must fit one. */
  readonly frameMax: number;
  /** Largest body in bytes. */
  readonly maxMessageSize: number;
  /** The user that the connection is open as. */
  readonly username: string;
  /** Which values the driver carries in headers. */
  readonly headers: TableSupport;
  /** Which values it carries in arguments. */
  readonly arguments: TableSupport;
}

/** The pseudo-queue of direct reply-to: valid only where its consumer is on the same channel. */
const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';

/** RabbitMQ refuses a longer TTL (`rabbit_misc:check_expiry`). */
const MAX_EXPIRATION = 2 ** 32 - 1;
/**
 * Frame header and end (8), class, weight, body size and flags (14); delivery mode, priority and timestamp (10), an
 * expiration (11), an id that is made here (at most 32).
 */
const FRAME_OVERHEAD = 75;

const SHORTSTRS = [
  'contentType',
  'contentEncoding',
  'correlationId',
  'replyTo',
  'messageId',
  'type',
  'userId',
  'appId',
] as const satisfies readonly (keyof MessageProperties)[];

/** Bytes that those take at most. */
const SHORTSTRS_MAX = SHORTSTRS.length * 256;

/**
 * Refuses a message that AMQP, RabbitMQ or the driver would choke on: after it, no field of the message
 * can close a channel. Errors: `INVALID_MESSAGE`, naming field, value and rule.
 */
export function checkMessage(
  message: OutgoingMessage,
  routingKey: string,
  limits: MessageLimits,
): void {
  if (typeof message !== 'object' || message === null)
    throw new InvalidMessageError('message', message, 'must be an object with a body');
  checkShortstr('routingKey', routingKey);
  checkBody(message.body, limits.maxMessageSize);
  checkShortstrs(message);
  checkNumbers(message);
  if (message.userId !== undefined && message.userId !== limits.username)
    throw new InvalidMessageError('userId', message.userId, 'must be the user of the connection');
  if (message.replyTo === DIRECT_REPLY_TO)
    throw new InvalidMessageError(
      'replyTo',
      message.replyTo,
      'must be a queue: direct reply-to is not supported',
    );
  // Without headers the properties always fit: the smallest frame has 4096 bytes.
  if (message.headers !== undefined) checkHeaders(message.headers, message, limits);
}

function checkHeaders(
  headers: HeaderTable,
  message: OutgoingMessage,
  { headers: support, frameMax }: MessageLimits,
): void {
  const most = frameMax - FRAME_OVERHEAD;
  const size = checkTable(headers, 'headers', support, most);
  // The other properties are short; nearly always that is enough to know.
  if (size > most - SHORTSTRS_MAX && size > most - shortstrsSize(message))
    throw new InvalidMessageError(
      'headers',
      headers,
      `and properties must fit a frame of ${frameMax} bytes`,
    );
  checkSenderSelected(headers['CC'], 'headers.CC');
  checkSenderSelected(headers['BCC'], 'headers.BCC');
}

function checkShortstrs(message: OutgoingMessage): void {
  if (message.contentType !== undefined) checkShortstr('contentType', message.contentType);
  if (message.contentEncoding !== undefined)
    checkShortstr('contentEncoding', message.contentEncoding);
  if (message.correlationId !== undefined) checkShortstr('correlationId', message.correlationId);
  if (message.replyTo !== undefined) checkShortstr('replyTo', message.replyTo);
  if (message.messageId !== undefined) checkShortstr('messageId', message.messageId);
  if (message.type !== undefined) checkShortstr('type', message.type);
  if (message.userId !== undefined) checkShortstr('userId', message.userId);
  if (message.appId !== undefined) checkShortstr('appId', message.appId);
}

/** Bytes of the short strings of a message, their lengths included. */
function shortstrsSize(message: OutgoingMessage): number {
  let size = 0;
  for (const field of SHORTSTRS) size += 1 + Buffer.byteLength(message[field] ?? '');
  return size;
}

function checkShortstr(field: string, value: string): void {
  if (typeof value !== 'string' || !isShortstr(value))
    throw new InvalidMessageError(
      field,
      value,
      'must be a string of at most 255 bytes of valid UTF-8',
    );
}

function checkBody(body: Uint8Array, max: number): void {
  if (!(body instanceof Uint8Array))
    throw new InvalidMessageError('body', body, 'must be a Uint8Array');
  if (body.byteLength > max)
    throw new InvalidMessageError('body', body, `must have at most ${max} bytes (maxMessageSize)`);
}

function checkNumbers({ priority, expiration, deliveryMode, timestamp }: OutgoingMessage): void {
  if (priority !== undefined && !isWholeUpTo(priority, 255))
    throw new InvalidMessageError('priority', priority, 'must be a whole number from 0 to 255');
  if (expiration instanceof Date) checkDeadline(expiration);
  else if (expiration !== undefined && !isWholeUpTo(expiration, MAX_EXPIRATION))
    throw new InvalidMessageError(
      'expiration',
      expiration,
      `must be whole milliseconds from 0 to ${MAX_EXPIRATION}, or a Date`,
    );
  if (deliveryMode !== undefined && deliveryMode !== 1 && deliveryMode !== 2)
    throw new InvalidMessageError('deliveryMode', deliveryMode, 'must be 1 or 2');
  if (timestamp !== undefined && !(timestamp instanceof Date && timestamp.getTime() >= 0))
    throw new InvalidMessageError('timestamp', timestamp, 'must be a valid Date from 1970 on');
}

function checkDeadline(deadline: Date): void {
  // Not so where it is no valid date.
  if (millisecondsUntil(deadline) <= MAX_EXPIRATION) return;
  throw new InvalidMessageError(
    'expiration',
    deadline,
    `must be a valid Date at most ${MAX_EXPIRATION} ms from now`,
  );
}

/** Whole milliseconds that are left until a date; 0 where it has passed, `NaN` where it is invalid. */
export function millisecondsUntil(deadline: Date): number {
  return Math.max(0, deadline.getTime() - systemClock.date().getTime());
}

function isWholeUpTo(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

/** RabbitMQ closes the channel for a `CC` or `BCC` that is no array (sender-selected distribution). */
function checkSenderSelected(value: unknown, field: string): void {
  if (value === undefined) return;
  if (!Array.isArray(value) || !value.every((key) => typeof key === 'string' && isShortstr(key)))
    throw new InvalidMessageError(field, value, 'must be an array of routing keys');
}

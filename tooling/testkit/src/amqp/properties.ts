import { type Arguments, encodeTable, shortString } from './values.ts';

/** The properties of a message to publish; those left out are not sent. */
export interface Properties {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly headers?: Arguments;
  readonly deliveryMode?: number;
  readonly priority?: number;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly expiration?: string;
  readonly messageId?: string;
  /** Seconds since 1970. */
  readonly timestamp?: number;
  readonly type?: string;
  readonly userId?: string;
  readonly appId?: string;
  readonly clusterId?: string;
}

const octet = (value: number): Buffer => Buffer.of(value);

/** In the order of their flags, of which the first is the highest bit (AMQP 0-9-1, 4.2.6.1). */
const rows: readonly ((properties: Properties) => Buffer | undefined)[] = [
  ({ contentType }) => encoded(contentType, shortString),
  ({ contentEncoding }) => encoded(contentEncoding, shortString),
  ({ headers }) => encoded(headers, encodeTable),
  ({ deliveryMode }) => encoded(deliveryMode, octet),
  ({ priority }) => encoded(priority, octet),
  ({ correlationId }) => encoded(correlationId, shortString),
  ({ replyTo }) => encoded(replyTo, shortString),
  ({ expiration }) => encoded(expiration, shortString),
  ({ messageId }) => encoded(messageId, shortString),
  ({ timestamp }) => encoded(timestamp, seconds),
  ({ type }) => encoded(type, shortString),
  ({ userId }) => encoded(userId, shortString),
  ({ appId }) => encoded(appId, shortString),
  ({ clusterId }) => encoded(clusterId, shortString),
];

/** Properties as they stand in a content header: two bytes of flags, then the values. */
export function encodeProperties(properties: Properties): Buffer {
  let flags = 0;
  const values = rows.flatMap((row, index) => {
    const value = row(properties);
    if (value === undefined) return [];
    flags |= 0x8000 >> index;
    return value;
  });
  return Buffer.concat([Buffer.of(flags >> 8, flags & 0xff), ...values]);
}

function encoded<T>(value: T | undefined, encode: (value: T) => Buffer): Buffer | undefined {
  return value === undefined ? undefined : encode(value);
}

function seconds(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

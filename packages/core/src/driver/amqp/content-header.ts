import type { HeaderTable, WireProperties } from '../../message/message.ts';
import type { ByteReader } from './byte-reader.ts';
import { PROPERTY } from './protocol.ts';

/** What stands between the method that announces a message and its body. */
export interface ContentHeader {
  /** Bytes of the body. */
  readonly bodySize: number;
  /** Its properties, each of them a field of its own, `undefined` where it is not given. */
  readonly properties: Required<WireProperties>;
}

/** Reads a content header. Throws a `ProtocolViolation` where it breaks off. */
export function readContentHeader(reader: ByteReader): ContentHeader {
  reader.long(); // its class, which is always the same, and a weight that means nothing
  const bodySize = reader.longlong();
  const flags = reader.short();
  const text = (flag: number): string | undefined =>
    (flags & flag) === 0 ? undefined : reader.shortstr();
  const octet = (flag: number): number | undefined =>
    (flags & flag) === 0 ? undefined : reader.octet();
  const table = (flag: number): HeaderTable | undefined =>
    (flags & flag) === 0 ? undefined : reader.table();
  const seconds = (flag: number): number | undefined =>
    (flags & flag) === 0 ? undefined : reader.longlong();
  const properties = {
    contentType: text(PROPERTY.contentType),
    contentEncoding: text(PROPERTY.contentEncoding),
    headers: table(PROPERTY.headers),
    deliveryMode: octet(PROPERTY.deliveryMode),
    priority: octet(PROPERTY.priority),
    correlationId: text(PROPERTY.correlationId),
    replyTo: text(PROPERTY.replyTo),
    expiration: text(PROPERTY.expiration),
    messageId: text(PROPERTY.messageId),
    timestamp: seconds(PROPERTY.timestamp),
    type: text(PROPERTY.type),
    userId: text(PROPERTY.userId),
    appId: text(PROPERTY.appId),
  };
  return { bodySize, properties };
}

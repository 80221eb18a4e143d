import type { WireProperties } from '../../message/message.ts';
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
  const properties = {
    contentType: flags & PROPERTY.contentType ? reader.shortstr() : undefined,
    contentEncoding: flags & PROPERTY.contentEncoding ? reader.shortstr() : undefined,
    headers: flags & PROPERTY.headers ? reader.table() : undefined,
    deliveryMode: flags & PROPERTY.deliveryMode ? reader.octet() : undefined,
    priority: flags & PROPERTY.priority ? reader.octet() : undefined,
    correlationId: flags & PROPERTY.correlationId ? reader.shortstr() : undefined,
    replyTo: flags & PROPERTY.replyTo ? reader.shortstr() : undefined,
    expiration: flags & PROPERTY.expiration ? reader.shortstr() : undefined,
    messageId: flags & PROPERTY.messageId ? reader.shortstr() : undefined,
    timestamp: flags & PROPERTY.timestamp ? reader.longlong() : undefined,
    type: flags & PROPERTY.type ? reader.shortstr() : undefined,
    userId: flags & PROPERTY.userId ? reader.shortstr() : undefined,
    appId: flags & PROPERTY.appId ? reader.shortstr() : undefined,
  };
  return { bodySize, properties };
}

import type { Properties } from '../base/properties.ts';
import type { Content } from '../model/message.ts';
import { decodeProperties, encodeContentHeader } from '../wire/content.ts';

/**
 * Properties and body as they came in. The header stays encoded, so that a message goes out with the bytes that it
 * came with and a full queue holds no decoded tables.
 */
export class StoredContent implements Content {
  /** Payload of the content header frame. */
  readonly header: Buffer;
  readonly body: Buffer;

  constructor(header: Buffer, body: Buffer) {
    this.header = header;
    this.body = body;
  }

  /** @throws AmqpError 541 when they are malformed */
  get properties(): Properties {
    return decodeProperties(this.header);
  }

  get bodySize(): number {
    return this.body.length;
  }

  get byteLength(): number {
    return this.header.length + this.body.length;
  }

  with(properties: Properties): StoredContent {
    return new StoredContent(encodeContentHeader(this.body.length, properties), this.body);
  }
}

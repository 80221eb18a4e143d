import { AmqpError } from '../base/amqp-error.ts';
import { decodeBodySize } from '../wire/content.ts';
import type { MethodFields } from '../wire/methods.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { StoredContent } from './stored-content.ts';

/** The fields of `basic.publish`, the only method of clients that brings content. */
export type PublishFields = MethodFields<'basic.publish'>;

/** A publish that has arrived whole. */
export interface Publish {
  readonly fields: PublishFields;
  readonly content: StoredContent;
}

type AssemblyState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'header'; readonly fields: PublishFields }
  | {
      readonly kind: 'body';
      readonly fields: PublishFields;
      readonly header: Buffer;
      readonly bodySize: number;
      readonly received: GrowingBuffer;
    };

const idle: AssemblyState = { kind: 'idle' };

/** Puts method, header and body frames of a channel together. It holds no more than what arrived. */
export class ContentAssembly {
  readonly #maxBodySize: number;
  readonly #excessCode: 501 | 505;
  #state: AssemblyState = idle;

  /**
   * @param maxBodySize in bytes
   * @param excessCode how a body is refused that is longer than its header said
   */
  constructor(maxBodySize: number, excessCode: 501 | 505) {
    this.#maxBodySize = maxBodySize;
    this.#excessCode = excessCode;
  }

  /** Whether content is under way: then no other method may come. */
  get busy(): boolean {
    return this.#state.kind !== 'idle';
  }

  /** A `basic.publish` came: its header must be next. */
  begin(fields: PublishFields): void {
    this.#state = { kind: 'header', fields };
  }

  /**
   * A header frame came.
   *
   * @returns the publish, when it has no body
   * @throws AmqpError 505 without a method before it, 406 for a body above the limit, 501 when malformed
   */
  header(payload: Buffer): Publish | undefined {
    const bodySize = decodeBodySize(payload);
    const state = this.#state;
    if (state.kind !== 'header') {
      throw new AmqpError(505, `expected ${expected[state.kind]}, got a content header`);
    }
    this.#state = idle;
    if (bodySize > this.#maxBodySize) {
      throw new AmqpError(
        406,
        `message size ${bodySize} is larger than configured max size ${this.#maxBodySize}`,
      );
    }
    const { fields } = state;
    const header = copied(payload);
    if (bodySize === 0) return { fields, content: new StoredContent(header, noBytes) };
    this.#state = { kind: 'body', fields, header, bodySize, received: new GrowingBuffer(bodySize) };
    return undefined;
  }

  /**
   * A body frame came.
   *
   * @returns the publish, when this was its last part
   * @throws AmqpError 505 without a header before it; `excessCode` for more than the header announced
   */
  body(payload: Buffer): Publish | undefined {
    const state = this.#state;
    if (state.kind !== 'body') {
      throw new AmqpError(505, `expected ${expected[state.kind]}, got a content body`);
    }
    const { fields, header, bodySize, received } = state;
    const size = received.length + payload.length;
    if (size > bodySize) {
      throw new AmqpError(
        this.#excessCode,
        `${size} bytes of body where ${bodySize} were announced`,
      );
    }
    received.append(payload);
    if (size < bodySize) return undefined;
    this.#state = idle;
    return { fields, content: new StoredContent(header, received.take()) };
  }
}

/** What may come next. */
const expected: Readonly<Record<AssemblyState['kind'], string>> = {
  idle: 'a method',
  header: 'a content header',
  body: 'a content body',
};

const noBytes = Buffer.alloc(0);

/** Frames are views of what was read; what is kept is copied, so that a small message does not hold a large read. */
function copied(bytes: Buffer): Buffer {
  return Buffer.from(bytes);
}

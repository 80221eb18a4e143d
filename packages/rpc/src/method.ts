import {
  type Channel,
  type Codec,
  type CodecSet,
  type IncomingMessage,
  InvalidMessageError,
  LeveretError,
  systemClock,
} from '@leveret/core';
import { errorPayload, MESSAGE_TYPE, needsConfirm } from './protocol.ts';
import type { CallContext } from './types.ts';

/** What a registered method is made of. */
export interface MethodParts<Args> {
  readonly name: string;
  readonly channel: Channel;
  readonly codecs: CodecSet;
  readonly handler: (args: Args, context: CallContext) => unknown;
  readonly isArgs: (value: unknown) => value is Args;
  /** Whether failures are reported here although their caller is told. */
  readonly hostExceptions: boolean;
}

/** An interface is a promise of the user's about what callers send; what can be seen here is an object. */
export function isArgsOf<Args>(value: unknown): value is Args {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Date)
  );
}

/** Answers the requests of one method. */
export class MethodRunner<Args> {
  readonly #parts: MethodParts<Args>;

  constructor(parts: MethodParts<Args>) {
    this.#parts = parts;
  }

  /** Answers one request: decode, run, reply, and only then acknowledge. Never rejects. */
  async handle(message: IncomingMessage): Promise<void> {
    const codec = this.#replyCodec(message);
    let type: 'result' | 'error' = MESSAGE_TYPE.result;
    let value: unknown;
    try {
      value = await this.#run(message);
    } catch (error) {
      type = MESSAGE_TYPE.error;
      value = errorPayload(error);
    }
    // A caller that wants no answer gets none.
    if (message.replyTo) await this.#reply(message, message.replyTo, codec, type, value);
    if (!message.settled) message.ack();
  }

  async #run(message: IncomingMessage): Promise<unknown> {
    const { channel, handler, name, hostExceptions } = this.#parts;
    let args: Args;
    try {
      args = await this.#args(message);
    } catch (error) {
      const { messageId } = message;
      const reason = LeveretError.from(error, 'CODEC');
      channel.report({ type: 'message-rejected', queue: name, messageId, error: reason });
      throw error;
    }
    try {
      return await handler(args, new Context(name, message));
    } catch (error) {
      if (!message.replyTo || hostExceptions) this.#failed(error);
      throw error;
    }
  }

  async #args(message: IncomingMessage): Promise<Args> {
    const { codecs, isArgs } = this.#parts;
    const decoded = codecs.decode(message);
    const args = decoded instanceof Promise ? await decoded : decoded;
    if (!isArgs(args)) throw new InvalidMessageError('args', args, 'must be an object');
    return args;
  }

  /** The codec of the request, so that the caller understands the answer; ours where that is unknown. */
  #replyCodec(message: IncomingMessage): Codec {
    const { codecs } = this.#parts;
    try {
      return codecs.select(message);
    } catch {
      return codecs.codec;
    }
  }

  async #reply(
    message: IncomingMessage,
    replyTo: string,
    codec: Codec,
    type: 'result' | 'error',
    value: unknown,
  ): Promise<void> {
    try {
      await this.#send(message, replyTo, codec, type, value);
    } catch (error) {
      this.#report(error);
      if (type === MESSAGE_TYPE.error) return;
      // A result that cannot be encoded or is too large: the caller must not wait for nothing.
      await this.#reply(message, replyTo, codec, MESSAGE_TYPE.error, errorPayload(error));
    }
  }

  async #send(
    message: IncomingMessage,
    replyTo: string,
    codec: Codec,
    type: 'result' | 'error',
    value: unknown,
  ): Promise<void> {
    const { channel, codecs } = this.#parts;
    const encoding = codecs.encode(value, codec);
    const encoded = encoding instanceof Promise ? await encoding : encoding;
    await channel.defaultExchange.publish(
      {
        body: encoded.body,
        contentType: encoded.contentType,
        contentEncoding: encoded.contentEncoding,
        type,
        correlationId: message.correlationId,
        deliveryMode: message.deliveryMode,
        timestamp: systemClock.date(),
      },
      replyTo,
      { mandatory: false, confirm: needsConfirm(encoded) },
    );
  }

  #failed(error: unknown): void {
    this.#parts.channel.report({
      type: 'handler-failed',
      queue: this.#parts.name,
      error: LeveretError.from(error, 'HANDLER_FAILED'),
    });
  }

  #report(error: unknown): void {
    this.#parts.channel.report({
      type: 'reply-failed',
      method: this.#parts.name,
      error: LeveretError.from(error, 'HANDLER_FAILED'),
    });
  }
}

class Context implements CallContext {
  readonly name: string;
  readonly message: IncomingMessage;

  constructor(name: string, message: IncomingMessage) {
    this.name = name;
    this.message = message;
  }

  get headers(): IncomingMessage['headers'] {
    return this.message.headers;
  }

  get signal(): AbortSignal {
    return this.message.signal;
  }

  get redelivered(): boolean {
    return this.message.redelivered;
  }
}

import {
  type Channel,
  type Codec,
  type CodecSet,
  type Encoded,
  type IncomingMessage,
  InvalidMessageError,
  isThenable,
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
  /** Bodies of so many bytes the broker refuses: it closed the channel over one. */
  #tooLarge = Number.POSITIVE_INFINITY;

  constructor(parts: MethodParts<Args>) {
    this.#parts = parts;
  }

  /**
   * Answers one request: decode, run, reply, and only then acknowledge. Never rejects. Gives a promise only where it has to wait;
   * each `await` that is not needed would cost more than all that is done here.
   */
  handle(message: IncomingMessage): Promise<void> | undefined {
    const succeeded = (value: unknown) => this.#answer(message, MESSAGE_TYPE.result, value);
    const failed = (error: unknown) =>
      this.#answer(message, MESSAGE_TYPE.error, errorPayload(error));
    let outcome: unknown;
    try {
      outcome = this.#run(message);
    } catch (error) {
      return failed(error);
    }
    return isThenable(outcome)
      ? Promise.resolve(outcome).then(succeeded, failed)
      : succeeded(outcome);
  }

  /** What the method gives, or a promise of it. */
  #run(message: IncomingMessage): unknown {
    const refuse = (error: unknown): never => {
      throw this.#rejected(message, error);
    };
    let args: Args | Promise<Args>;
    try {
      const decoded = this.#parts.codecs.decode(message);
      args =
        decoded instanceof Promise
          ? decoded.then((each) => this.#checked(each)).catch(refuse)
          : this.#checked(decoded);
    } catch (error) {
      return refuse(error);
    }
    if (args instanceof Promise) return args.then((each) => this.#call(message, each));
    return this.#call(message, args);
  }

  #call(message: IncomingMessage, args: Args): unknown {
    const { handler, name } = this.#parts;
    const failed = (error: unknown): unknown => {
      if (!message.replyTo || this.#parts.hostExceptions) this.#failed(error);
      return error;
    };
    let outcome: unknown;
    try {
      outcome = handler(args, new Context(name, message));
    } catch (error) {
      throw failed(error);
    }
    if (!isThenable(outcome)) return outcome;
    return Promise.resolve(outcome).catch((error: unknown) => Promise.reject(failed(error)));
  }

  #checked(args: unknown): Args {
    if (this.#parts.isArgs(args)) return args;
    throw new InvalidMessageError('args', args, 'must be an object');
  }

  /** Tells of a request that cannot be read; gives the error. */
  #rejected(message: IncomingMessage, error: unknown): unknown {
    const { channel, name } = this.#parts;
    const { messageId } = message;
    const reason = LeveretError.from(error, 'CODEC');
    channel.report({ type: 'message-rejected', queue: name, messageId, error: reason });
    return error;
  }

  /** Replies, and acknowledges then. A caller that wants no answer gets none. */
  #answer(
    message: IncomingMessage,
    type: 'result' | 'error',
    value: unknown,
  ): Promise<void> | undefined {
    const done = (): void => {
      if (!message.settled) message.ack();
    };
    const { replyTo } = message;
    if (replyTo) return this.#reply(message, replyTo, type, value).then(done);
    done();
    return undefined;
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

  #reply(
    message: IncomingMessage,
    replyTo: string,
    type: 'result' | 'error',
    value: unknown,
  ): Promise<void> {
    return this.#send(message, replyTo, type, value).catch((error: unknown) => {
      this.#report(error);
      if (type === MESSAGE_TYPE.error) return;
      // A result that cannot be encoded or is too large: the caller must not wait for nothing.
      return this.#reply(message, replyTo, MESSAGE_TYPE.error, errorPayload(error));
    });
  }

  #send(
    message: IncomingMessage,
    replyTo: string,
    type: 'result' | 'error',
    value: unknown,
  ): Promise<void> {
    try {
      const encoded = this.#parts.codecs.encode(value, this.#replyCodec(message));
      return encoded instanceof Promise
        ? encoded.then((each) => this.#publish(message, replyTo, type, each))
        : this.#publish(message, replyTo, type, encoded);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #publish(
    message: IncomingMessage,
    replyTo: string,
    type: 'result' | 'error',
    encoded: Encoded,
  ): Promise<void> {
    const { body, contentType, contentEncoding } = encoded;
    const { correlationId, deliveryMode } = message;
    const size = body.byteLength;
    if (size >= this.#tooLarge) return Promise.reject(tooLarge(size));
    const timestamp = systemClock.date();
    const confirm = needsConfirm(encoded);
    const publishing = this.#parts.channel.defaultExchange.publish(
      { body, contentType, contentEncoding, type, correlationId, deliveryMode, timestamp },
      replyTo,
      { mandatory: false, confirm },
    );
    return confirm ? publishing.catch((error) => this.#refused(size, error)) : publishing;
  }

  /** The request comes again, since it was lost with the channel: its reply must not cost the next one as well. */
  #refused(size: number, error: unknown): never {
    if (error instanceof LeveretError && error.code === 'PRECONDITION_FAILED')
      this.#tooLarge = Math.min(this.#tooLarge, size);
    throw error;
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

function tooLarge(size: number): LeveretError {
  const text = `the broker takes no messages as large as this reply of ${size} bytes`;
  return new LeveretError('PRECONDITION_FAILED', text);
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

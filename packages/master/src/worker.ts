import {
  type Channel,
  type CodecSet,
  type Consumer,
  type IncomingMessage,
  InvalidMessageError,
  LeveretError,
} from '@leveret/core';
import { NackMessage, RejectMessage } from './outcomes.ts';
import type { FailureOptions, TaskContext, TaskHandler } from './types.ts';

/** What a worker is made of. */
export interface TaskRunnerParts<Payload> {
  readonly name: string;
  readonly channel: Channel;
  readonly codecs: CodecSet;
  readonly handler: TaskHandler<Payload>;
  readonly isPayload: (value: unknown) => value is Payload;
  readonly failure: Required<FailureOptions>;
}

/** Handles the messages of one task: decodes, runs the handler, settles by how it ends. */
export class TaskRunner<Payload> {
  readonly #parts: TaskRunnerParts<Payload>;

  constructor(parts: TaskRunnerParts<Payload>) {
    this.#parts = parts;
  }

  /** Handles one message. Gives a promise only where codec or handler do; it never rejects. */
  handle(message: IncomingMessage): Promise<void> | void {
    let value: unknown;
    try {
      value = this.#parts.codecs.decode(message);
    } catch (error) {
      return this.#unusable(message, error);
    }
    if (!(value instanceof Promise)) return this.#decoded(value, message);
    // Decoding took its time: meanwhile the task may have gone back to its queue.
    return value.then(
      (decoded) => (isGone(message) ? undefined : this.#decoded(decoded, message)),
      (error) => (isGone(message) ? undefined : this.#unusable(message, error)),
    );
  }

  #decoded(value: unknown, message: IncomingMessage): Promise<void> | void {
    const { isPayload, handler, name } = this.#parts;
    if (!isPayload(value))
      return this.#unusable(
        message,
        new InvalidMessageError('payload', value, 'must be an object'),
      );
    let outcome: unknown;
    try {
      outcome = handler(value, new Context(name, message));
    } catch (error) {
      return this.#failed(message, error);
    }
    if (!isThenable(outcome)) return succeeded(message);
    return Promise.resolve(outcome).then(
      () => succeeded(message),
      (error) => this.#failed(message, error),
    );
  }

  #failed(message: IncomingMessage, error: unknown): void {
    if (error instanceof RejectMessage || error instanceof NackMessage) {
      if (message.settled) return;
      if (error instanceof RejectMessage) message.reject({ requeue: error.requeue });
      else message.nack({ requeue: error.requeue });
      return;
    }
    const { requeue, rejectOnRedelivered } = this.#parts.failure;
    if (!message.settled)
      message.reject({ requeue: requeue && !(rejectOnRedelivered && message.redelivered) });
    this.#parts.channel.report({
      type: 'handler-failed',
      queue: this.#parts.name,
      error: LeveretError.from(error, 'HANDLER_FAILED'),
    });
  }

  #unusable(message: IncomingMessage, error: unknown): void {
    message.reject({ requeue: false });
    this.#parts.channel.report({
      type: 'message-rejected',
      queue: this.#parts.name,
      messageId: message.messageId,
      error: LeveretError.from(error, 'CODEC'),
    });
  }
}

/** A running worker. Made by {@link Master.createWorker}. */
export class Worker {
  /** Name of the task that it works off. */
  readonly name: string;
  readonly #consumer: Consumer;

  private constructor(name: string, consumer: Consumer) {
    this.name = name;
    this.#consumer = consumer;
  }

  /** @internal */
  static make(name: string, consumer: Consumer): Worker {
    return new Worker(name, consumer);
  }

  /**
   * Resolves once it has ended: with `undefined` where it was closed on purpose, else with the error
   * (`CANCELLED` where its queue was deleted, or why the connection is closed for good).
   */
  get ended(): Promise<LeveretError | undefined> {
    return this.#consumer.ended;
  }

  /**
   * Stops taking tasks and waits for those in hand; after `drainTimeout` they are aborted through their
   * `signal` and put back. Always resolves; calling it again is harmless.
   */
  close(): Promise<void> {
    return this.#consumer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class Context implements TaskContext {
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

  get attempt(): number {
    const count = this.message.headers['x-delivery-count'];
    const before = typeof count === 'number' ? count : 0;
    return Math.max(before + 1, this.message.redelivered ? 2 : 1);
  }
}

/** Whether somebody else will get the task. */
function isGone(message: IncomingMessage): boolean {
  return message.settled || message.signal.aborted;
}

function succeeded(message: IncomingMessage): void {
  if (!message.settled) message.ack();
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

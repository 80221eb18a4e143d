import {
  type Clock,
  type CodecSet,
  type IncomingMessage,
  InvalidMessageError,
  isThenable,
  LeveretError,
} from '@leveret/core';
import { Context } from './context.ts';
import type { Tally } from './counters.ts';
import { isExpired } from './headers.ts';
import { compose, type HandleMiddleware, type Rest } from './middleware/middleware.ts';
import { isGone, type TaskMover } from './mover.ts';
import type { TaskNews } from './news.ts';
import type { RetryLater } from './outcomes.ts';
import type { FailureOptions, TaskContext, TaskHandler } from './types.ts';
import { GivenUp, verdictOf } from './verdict.ts';

/** What working tasks off takes. */
export interface TaskRunnerParts<Payload> {
  readonly name: string;
  readonly codecs: CodecSet;
  readonly clock: Clock;
  readonly mover: TaskMover;
  readonly news: TaskNews;
  readonly tally: Tally;
  readonly handler: TaskHandler<Payload>;
  readonly isPayload: (value: unknown) => value is Payload;
  readonly failure: Required<FailureOptions>;
  /** What stands in front of the decoding, and sees what cannot be decoded as well. */
  readonly outer: readonly HandleMiddleware[];
  /** What stands in front of the handler. */
  readonly inner: readonly HandleMiddleware[];
}

/** Handles the messages of one task: decodes, runs the handler, settles by how it ends. */
export class TaskRunner<Payload> {
  readonly #parts: TaskRunnerParts<Payload>;
  readonly #outer: Rest<TaskContext> | undefined;
  readonly #inner: Rest<TaskContext> | undefined;
  readonly #now: () => Date;
  /** By the clock, which is cheaper to ask than for a date. */
  #lastDelivery: number | undefined;

  constructor(parts: TaskRunnerParts<Payload>) {
    this.#parts = parts;
    this.#now = () => parts.clock.date();
    if (parts.inner.length > 0)
      this.#inner = compose(parts.inner, (context) =>
        parts.handler(this.#checked(context.payload), context),
      );
    if (parts.outer.length > 0)
      this.#outer = compose(parts.outer, ({ message }) => this.#decode(message));
  }

  /** When it was last given a task. */
  get lastDelivery(): Date | undefined {
    if (this.#lastDelivery === undefined) return undefined;
    const { clock } = this.#parts;
    return new Date(clock.date().getTime() - (clock.now() - this.#lastDelivery));
  }

  /** Handles one message. Gives a promise only where codec, middleware or handler do; it never rejects. */
  handle(message: IncomingMessage): Promise<void> | void {
    this.#parts.tally.delivered += 1;
    this.#lastDelivery = this.#parts.clock.now();
    let outcome: unknown;
    try {
      outcome = this.#outer
        ? this.#outer(new Context(this.#parts.name, message, undefined))
        : this.#decode(message);
    } catch (error) {
      return this.#failed(message, error);
    }
    if (!isThenable(outcome)) return this.#succeeded(message);
    return Promise.resolve(outcome).then(
      () => this.#succeeded(message),
      (error) => this.#failed(message, error),
    );
  }

  #decode(message: IncomingMessage): unknown {
    if (isExpired(message, this.#now))
      throw new GivenUp('expired', new LeveretError('TIMEOUT', 'the task waited for too long'));
    let value: unknown;
    try {
      value = this.#parts.codecs.decode(message);
    } catch (error) {
      throw new GivenUp('unusable', error);
    }
    if (!(value instanceof Promise)) return this.#decoded(value, message);
    return value.then(
      // Decoding took its time: meanwhile the task may have gone back to its queue.
      (decoded) => (isGone(message) ? undefined : this.#decoded(decoded, message)),
      (error) => {
        if (!isGone(message)) throw new GivenUp('unusable', error);
      },
    );
  }

  #decoded(value: unknown, message: IncomingMessage): unknown {
    const payload = this.#checked(value);
    const context = new Context(this.#parts.name, message, payload);
    return this.#inner ? this.#inner(context) : this.#parts.handler(payload, context);
  }

  #checked(value: unknown): Payload {
    if (this.#parts.isPayload(value)) return value;
    throw new GivenUp('unusable', new InvalidMessageError('payload', value, 'must be an object'));
  }

  #succeeded(message: IncomingMessage): void {
    if (message.settled) return;
    // Pieces in front end this way, too, when somebody else gets the task.
    if (this.#outer && message.signal.aborted) return;
    message.ack();
    this.#parts.tally.succeeded += 1;
  }

  #failed(message: IncomingMessage, error: unknown): Promise<void> | void {
    const { failure, tally, news } = this.#parts;
    const verdict = verdictOf(error, message, failure);
    if (verdict.kind === 'later') return this.#later(message, verdict.outcome);
    const requeue = verdict.kind === 'requeue';
    if (!message.settled) {
      if (!message.signal.aborted) tally[requeue ? 'requeued' : 'rejected'] += 1;
      message[verdict.by]({ requeue });
    }
    if (verdict.kind === 'give-up') news.givenUp(message, verdict.given);
    else if (verdict.failure) news.failed(error);
  }

  /** Where no `retry` stands in front of the handler. */
  async #later(message: IncomingMessage, outcome: RetryLater): Promise<void> {
    try {
      if ((await this.#parts.mover.later(message, outcome)) === 'moved')
        this.#parts.news.retried(message, outcome.delay, outcome);
    } catch (error) {
      await this.#failed(message, error); // no copy of it can be published
    }
  }
}

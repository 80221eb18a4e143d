import { type Channel, type IncomingMessage, LeveretError } from '@leveret/core';
import type { Tally } from './counters.ts';
import { attemptsOf } from './dead-letters/letter.ts';
import { tryOf } from './headers.ts';
import type { GivenUp } from './verdict.ts';

/** Tells the listeners of the connection's events what becomes of the tasks of one queue, and counts it. */
export class TaskNews {
  readonly #channel: Channel;
  readonly #queue: string;
  readonly #tally: Tally;

  constructor(channel: Channel, queue: string, tally: Tally) {
    this.#channel = channel;
    this.#queue = queue;
    this.#tally = tally;
  }

  /** A handler failed. */
  failed(thrown: unknown): void {
    const error = LeveretError.from(thrown, 'HANDLER_FAILED');
    this.#channel.report({ type: 'handler-failed', queue: this.#queue, error });
  }

  /** A task waits for another try. */
  retried(message: IncomingMessage, delay: number, thrown: unknown): void {
    this.#tally.retried += 1;
    this.#channel.report({
      type: 'task-retried',
      queue: this.#queue,
      messageId: message.messageId,
      attempt: tryOf(message),
      delay,
      error: LeveretError.from(thrown, 'HANDLER_FAILED'),
    });
  }

  /** A task was given up, and is not kept. */
  givenUp(message: IncomingMessage, { reason, error }: GivenUp): void {
    // Decisions of the handler, and what the broker does without a word for all others.
    if (reason === 'rejected' || reason === 'expired') return;
    if (reason !== 'unusable') return this.failed(error);
    this.#channel.report({
      type: 'message-rejected',
      queue: this.#queue,
      messageId: message.messageId,
      error: LeveretError.from(error, 'CODEC'),
    });
  }

  /** A task was given up, and is with its dead letters. */
  buried(message: IncomingMessage, given: GivenUp): void {
    const { reason, error } = given;
    this.#tally.deadLettered += 1;
    this.#channel.report({
      type: 'task-dead-lettered',
      queue: this.#queue,
      messageId: message.messageId,
      attempts: attemptsOf(message, given),
      reason,
      error,
    });
  }

  /** The time of a handler is over. */
  timedOut(): void {
    this.#tally.timedOut += 1;
  }

  /** A handler ignores it. */
  stuck(message: IncomingMessage, timeout: number): void {
    this.#channel.report({
      type: 'handler-stuck',
      queue: this.#queue,
      messageId: message.messageId,
      timeout,
    });
  }
}

import {
  type CodecSet,
  type HeaderTable,
  type HeaderValue,
  type IncomingMessage,
  LeveretError,
  type MessageProperties,
  type ReceivedMessage,
} from '@leveret/core';
import { expirationOf, givenHeaders, OUR_HEADERS, pastTries, tryOf } from '../headers.ts';
import type { GivenUp } from '../verdict.ts';

/** Most bytes of what an error says and of its stack: headers of a message must fit into one frame. */
const MOST = { type: 100, message: 1_000, stack: 4_000 } as const;

/** The queue that keeps the dead letters of a task. */
export function deadQueueOf(task: string): string {
  return `${task}.dead`;
}

/** Who gave a task up, and when. */
export interface Undertaker {
  /** Identity of the worker. */
  readonly worker: string;
  /** Present date. */
  readonly now: Date;
}

/** How many tries there were, as far as anybody knows, the one that ended just now included. */
export function attemptsOf(message: IncomingMessage, given: GivenUp): number {
  // What was never handed to a handler this time was tried once less.
  const isTry = given.reason !== 'expired' && given.reason !== 'redelivered';
  return tryOf(message) - (isTry ? 0 : 1);
}

/** The headers that tell why a task is dead, and leaner ones for where these do not fit. */
export function epitaphs(
  message: IncomingMessage,
  given: GivenUp,
  { worker, now }: Undertaker,
): readonly HeaderTable[] {
  const { cause, error } = given;
  const failed = now.toISOString();
  const thrown = cause instanceof Error ? cause : error;
  const lean: HeaderTable = {
    [OUR_HEADERS.reason]: given.reason,
    [OUR_HEADERS.attempts]: attemptsOf(message, given),
    [OUR_HEADERS.firstFailure]: pastTries(message).firstFailure ?? failed,
    [OUR_HEADERS.lastFailure]: failed,
    [OUR_HEADERS.worker]: worker,
    [OUR_HEADERS.errorType]: cut(
      said(() => typeOf(cause)),
      MOST.type,
    ),
  };
  const told = {
    ...lean,
    [OUR_HEADERS.errorMessage]: cut(
      said(() => thrown.message),
      MOST.message,
    ),
  };
  const full = {
    ...told,
    [OUR_HEADERS.errorStack]: cut(
      said(() => thrown.stack),
      MOST.stack,
    ),
  };
  return [full, told, lean];
}

/** What went wrong with a task, as its dead letter says. */
export interface DeadLetterError {
  /** Name of the class of the error. */
  readonly type: string;
  /** What it said, at most 1000 bytes. */
  readonly message: string;
  /** Where it was thrown, at most 4000 bytes; `undefined` where the headers had no room for it. */
  readonly stack: string | undefined;
}

/** A task that was given up, as it lies in the queue of its dead letters. */
export class DeadLetter {
  /** Name of the task. */
  readonly task: string;
  /** The message as it lies there: its body is that of the task. */
  readonly message: ReceivedMessage;
  readonly #codecs: CodecSet;

  /** @internal */
  constructor(task: string, message: ReceivedMessage, codecs: CodecSet) {
    this.task = task;
    this.message = message;
    this.#codecs = codecs;
  }

  /** Identity of the task's message. */
  get messageId(): string | undefined {
    return this.message.messageId;
  }

  /** Headers that the task was created with. */
  get headers(): HeaderTable {
    return givenHeaders(this.message.headers);
  }

  /** Properties that the task was created with, those headers included. */
  get properties(): MessageProperties {
    const { message, headers } = this;
    return { ...message.properties, headers, expiration: expirationOf(message) };
  }

  /**
   * Why it is here: `attempts`, `not-retried`, `redelivered`, `rejected`, `failed`, `unusable`, `expired`, `stuck`; or, of
   * what the broker put here by itself, its word for it, such as `delivery_limit`.
   */
  get reason(): string {
    const { headers } = this.message;
    return text(headers[OUR_HEADERS.reason]) ?? text(headers['x-first-death-reason']) ?? 'unknown';
  }

  /** What went wrong; `undefined` of what the broker put here by itself. */
  get error(): DeadLetterError | undefined {
    const { headers } = this.message;
    const type = text(headers[OUR_HEADERS.errorType]);
    if (type === undefined) return undefined;
    const message = text(headers[OUR_HEADERS.errorMessage]) ?? '';
    return { type, message, stack: text(headers[OUR_HEADERS.errorStack]) };
  }

  /** How often it was tried; tries that ended with their worker or connection count as well. */
  get attempts(): number {
    return pastTries(this.message).failures;
  }

  /** When it failed for the first time. */
  get firstFailedAt(): Date | undefined {
    return date(this.message.headers[OUR_HEADERS.firstFailure]);
  }

  /** When it was given up. */
  get lastFailedAt(): Date | undefined {
    return date(this.message.headers[OUR_HEADERS.lastFailure]);
  }

  /** Identity of the worker that gave it up. */
  get worker(): string | undefined {
    return text(this.message.headers[OUR_HEADERS.worker]);
  }

  /** Decodes the payload. Errors: `CODEC`, `UNSUPPORTED_CONTENT_TYPE`: it may be here for its body. */
  async payload(): Promise<unknown> {
    return this.#codecs.decode(this.message);
  }
}

function typeOf(cause: unknown): string {
  if (cause instanceof LeveretError && cause.constructor === LeveretError) return cause.code;
  if (cause instanceof Error) return cause.constructor?.name || cause.name;
  return typeof cause;
}

/** What an error says of itself; it may have been given anything for a text, by a peer for one. */
function said(read: () => unknown): string {
  try {
    return String(read() ?? '');
  } catch {
    return '';
  }
}

/** The beginning of a text, in whole characters and in valid Unicode. */
function cut(value: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(value, new Uint8Array(bytes));
  return value.slice(0, read).toWellFormed();
}

function text(value: HeaderValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function date(value: HeaderValue | undefined): Date | undefined {
  const parsed = new Date(text(value) ?? Number.NaN);
  return Number.isNaN(parsed.getTime()) ? undefined : parsed;
}

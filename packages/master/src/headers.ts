import type { HeaderTable, HeaderValue, IncomingMessage, ReceivedMessage } from '@leveret/core';

/** Before the name of each header that is ours. */
const PREFIX = 'leveret-';

/**
 * Headers that a task carries on its way through delays, retries and dead letters. Times of day are ISO 8601
 * in UTC, so that whoever looks at a queue can read them.
 */
export const OUR_HEADERS = {
  /** Tries that failed so far. */
  attempts: 'leveret-attempts',
  /** How often it came back unsettled: its worker was killed, or lost its connection. */
  redeliveries: 'leveret-redeliveries',
  /** When it failed first. */
  firstFailure: 'leveret-first-failure',
  /** When it failed last. */
  lastFailure: 'leveret-last-failure',
  /** When a delayed task is due: milliseconds since 1970. */
  due: 'leveret-due',
  /** Its `expiration`, which would otherwise run while it is delayed or dead: milliseconds. */
  expiration: 'leveret-expiration',
  /** Why it is a dead letter. */
  reason: 'leveret-reason',
  /** Name of the class of the error. */
  errorType: 'leveret-error-type',
  /** What the error says. */
  errorMessage: 'leveret-error-message',
  /** Where it was thrown. */
  errorStack: 'leveret-error-stack',
  /** The worker that gave it up. */
  worker: 'leveret-worker',
  /** Names of the headers that it came with and that could not be kept. */
  lostHeaders: 'leveret-lost-headers',
} as const;

const LASTING: ReadonlySet<string> = new Set([
  OUR_HEADERS.attempts,
  OUR_HEADERS.redeliveries,
  OUR_HEADERS.firstFailure,
  OUR_HEADERS.due,
  OUR_HEADERS.expiration,
]);

/**
 * What is no part of a task and is left out of its copies: further queues for the original, which have had it, and what
 * brokers write on the way. RabbitMQ 3.10 believes an `x-death` that a client publishes, and drops a message that
 * seems to go in circles by it.
 */
const NOT_COPIED: ReadonlySet<string> = new Set([
  'CC',
  'BCC',
  'x-death',
  'x-first-death-exchange',
  'x-first-death-queue',
  'x-first-death-reason',
  'x-last-death-exchange',
  'x-last-death-queue',
  'x-last-death-reason',
  'x-delivery-count',
  'x-acquired-count',
]);

/** The header that holds the digit of a delay for a stage. */
export function stageHeader(stage: string): string {
  return `${PREFIX}delay-${stage}`;
}

/** Headers as whoever created the task gave them, without those of the way that it took and where else it went. */
export function givenHeaders(headers: HeaderTable): HeaderTable {
  return without(headers, (name) => name.startsWith(PREFIX) || NOT_COPIED.has(name));
}

/** The same without ours alone: what a handler sees. The very table where there are none. */
export function visibleHeaders(headers: HeaderTable): HeaderTable {
  for (const name in headers)
    if (name.startsWith(PREFIX)) return without(headers, (each) => each.startsWith(PREFIX));
  return headers;
}

/** Those of ours that hold for a copy as well. */
export function lasting(headers: HeaderTable): HeaderTable {
  return without(headers, (name) => !LASTING.has(name));
}

/** What is known of the tries of a task before this one. */
export interface PastTries {
  /** Those that failed. */
  readonly failures: number;
  /** Those that were lost with their worker or connection, as far as copies of the task were made since. */
  readonly redeliveries: number;
  /** When the first of them failed, in ISO 8601. */
  readonly firstFailure: string | undefined;
}

/** Reads what earlier workers wrote. */
export function pastTries({ headers }: Pick<ReceivedMessage, 'headers'>): PastTries {
  return {
    failures: count(headers[OUR_HEADERS.attempts]),
    redeliveries: count(headers[OUR_HEADERS.redeliveries]),
    firstFailure: timeOfDay(headers[OUR_HEADERS.firstFailure]),
  };
}

/** Which try a delivery is, from 1. Of classic queues `redelivered` alone is known of what was lost. */
export function tryOf(message: IncomingMessage): number {
  const { failures, redeliveries } = pastTries(message);
  return failures + redeliveries + Math.max(brokerCount(message) + 1, message.redelivered ? 2 : 1);
}

/** How often a quorum queue has delivered the message before; 0 where nobody counts. */
export function brokerCount({ headers }: Pick<ReceivedMessage, 'headers'>): number {
  return count(headers['x-delivery-count']);
}

/** The `expiration` that a task was created with, wherever it is kept: milliseconds. */
export function expirationOf(message: ReceivedMessage): number | undefined {
  const kept = message.headers[OUR_HEADERS.expiration];
  return isCount(kept) ? kept : message.expiration;
}

/** Whether a delayed task waited in its queue for longer than it may; the broker sees to all others. */
export function isExpired({ headers }: ReceivedMessage, now: () => Date): boolean {
  const expiration = headers[OUR_HEADERS.expiration];
  if (!isCount(expiration)) return false;
  const due = headers[OUR_HEADERS.due];
  return isCount(due) && due + expiration < now().getTime();
}

function without(headers: HeaderTable, drops: (name: string) => boolean): HeaderTable {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !drops(name)));
}

/** So high no honest count gets; sums of some are still safe integers. */
const MOST_COUNTED = 2 ** 31 - 1;

/** A count that somebody wrote, or 0: what peers write is not believed. */
function count(value: HeaderValue | undefined): number {
  return isCount(value) ? Math.min(value, MOST_COUNTED) : 0;
}

/** A time of day that somebody wrote, if it is one; else it would be kept with the task whatever its size. */
function timeOfDay(value: HeaderValue | undefined): string | undefined {
  if (typeof value !== 'string' || value.length > 40 || Number.isNaN(Date.parse(value)))
    return undefined;
  return value.toWellFormed();
}

function isCount(value: HeaderValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

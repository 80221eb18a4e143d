import { type Clock, type IncomingMessage, LeveretError } from '@leveret/core';
import { brokerCount, pastTries } from '../headers.ts';
import { isGone, type Moved, type Postponement, type TaskMover } from '../mover.ts';
import type { TaskNews } from '../news.ts';
import { checkFunction, checkOptions, whole } from '../options.ts';
import { NackMessage, RejectMessage, RetryLater } from '../outcomes.ts';
import type { TaskContext } from '../types.ts';
import { GivenUp } from '../verdict.ts';
import { type Backoff, type BackoffRule, backoffRule } from './backoff.ts';
import type { HandleMiddleware } from './middleware.ts';

/** How a failed task is tried again. */
export interface RetryOptions {
  /** How often a task is tried in all, from 1. */
  readonly attempts: number;
  /** How long it waits in between. Default `'exponential'`: 1 s, 2 s, 4 s and so on, up to an hour. */
  readonly backoff?: Backoff;
  /**
   * Which share of each wait chance may take off, from 0 to 1, so that tasks that failed together do not all come back
   * together. Default 0.2.
   */
  readonly jitter?: number;
  /** Whether another try makes sense after this error. Default: always. */
  readonly retryIf?: (error: unknown, context: TaskContext) => boolean;
  /**
   * How often a task may come back unsettled, with a worker that is killed or loses its connection, before it is
   * given up as one that ends its workers. Such tries use up no `attempts`. What a worker gives back untried when it is
   * closed or paused counts as well, except on quorum queues of RabbitMQ 4.3. Default 20, as RabbitMQ 4 has it for
   * quorum queues.
   */
  readonly maxRedeliveries?: number;
}

/**
 * Up to here a quorum queue is left to count: with 20 it drops a message on RabbitMQ 4, unless told otherwise. A copy begins
 * anew.
 */
const TRUSTED = 10;

/** What retrying needs. */
export interface RetryParts {
  readonly mover: TaskMover;
  readonly clock: Clock;
  readonly news: Pick<TaskNews, 'retried'>;
}

/** Checked and filled in. */
interface RetryRules {
  readonly attempts: number;
  readonly wait: BackoffRule;
  readonly retryIf: (error: unknown, context: TaskContext) => boolean;
  readonly maxRedeliveries: number;
}

/**
 * Has failed tasks tried again, after a wait in the broker. How often a task has failed stands in a header of its
 * copies. Errors: `INVALID_ARGUMENT`.
 */
export function retry(options: number | RetryOptions, parts: RetryParts): HandleMiddleware {
  const rules = retryRules(
    typeof options === 'number' ? { attempts: options } : options,
    parts.clock,
  );
  const { mover } = parts;
  return async (context, next) => {
    const { message } = context;
    if (message.redelivered && (await isCounted(message, rules, mover))) return;
    try {
      await next();
    } catch (error) {
      if (isGone(message)) throw error;
      const postponement = decide(error, context, rules);
      const moved = await moveOrGiveUp(() => mover.later(message, postponement));
      if (moved === 'moved') parts.news.retried(message, postponement.delay, error);
    }
  };
}

function retryRules(options: RetryOptions, clock: Clock): RetryRules {
  checkOptions(options, 'retry');
  const { attempts, backoff, jitter = 0.2, retryIf, maxRedeliveries = 20 } = options;
  if (retryIf !== undefined) checkFunction('retry.retryIf', retryIf);
  return {
    attempts: whole('retry.attempts', attempts, 1),
    wait: backoffRule(backoff, jitter, clock),
    retryIf: retryIf ?? (() => true),
    maxRedeliveries: whole('retry.maxRedeliveries', maxRedeliveries, 0),
  };
}

/**
 * Whether a task that came back unsettled was moved, to be tried later. A quorum queue counts how often; of a classic queue
 * it is only known that it did, so the task goes to the end of its queue with its count before it is tried: nothing else
 * would tell later workers if this try were lost, too. Where the queue is full, it is tried all the same.
 */
async function isCounted(
  message: IncomingMessage,
  { maxRedeliveries }: RetryRules,
  mover: TaskMover,
): Promise<boolean> {
  const counted = brokerCount(message);
  const redeliveries = pastTries(message).redeliveries + Math.max(1, counted);
  if (redeliveries > maxRedeliveries) throw new GivenUp('redelivered', tooOften(redeliveries));
  if (counted > 0 && counted < TRUSTED) return false;
  return (await moveOrGiveUp(() => mover.again(message, redeliveries))) !== 'refused';
}

function tooOften(redeliveries: number): LeveretError {
  return new LeveretError('HANDLER_FAILED', `it came back unsettled ${redeliveries} times`);
}

/** When the task is tried again. Throws where it is not, or the handler has decided otherwise. */
function decide(error: unknown, context: TaskContext, rules: RetryRules): Postponement {
  if (error instanceof GivenUp || error instanceof RejectMessage || error instanceof NackMessage)
    throw error;
  const counts = !(error instanceof RetryLater) || error.counts;
  const failures = pastTries(context.message).failures + 1;
  if (counts && failures >= rules.attempts) throw new GivenUp('attempts', error);
  if (error instanceof RetryLater) return { delay: error.delay, counts };
  return { delay: notRetriedIfItThrows(() => waitFor(error, context, rules, failures)), counts };
}

function waitFor(
  error: unknown,
  context: TaskContext,
  { retryIf, wait }: RetryRules,
  failures: number,
): number {
  if (!retryIf(error, context)) throw error;
  return wait(failures, error);
}

/** What the functions of the user throw is no reason to try for ever. */
function notRetriedIfItThrows<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw new GivenUp('not-retried', error);
  }
}

/** A task of which no copy can be published can only be given up. */
async function moveOrGiveUp(move: () => Promise<Moved>): Promise<Moved> {
  try {
    return await move();
  } catch (error) {
    throw new GivenUp('not-retried', error);
  }
}

import { type Clock, type IncomingMessage, LeveretError } from '@leveret/core';
import { brokerCount, pastTries } from '../headers.ts';
import { isGone, type Postponement, type TaskMover } from '../mover.ts';
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
   * given up as one that ends its workers. Such tries use up no `attempts`. Default 20, as RabbitMQ 4 has it for
   * quorum queues.
   */
  readonly maxRedeliveries?: number;
}

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
    if (message.redelivered) return countRedelivery(message, rules, mover);
    try {
      await next();
    } catch (error) {
      if (isGone(message)) return;
      const postponement = decide(error, context, rules);
      if (await moveOrGiveUp(() => mover.later(message, postponement)))
        parts.news.retried(message, postponement.delay, error);
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
 * A task that came back unsettled goes to the end of its queue with its count, before anything is tried: nothing else
 * tells later workers that this try was lost. Of a classic queue it is only known that there was one.
 */
async function countRedelivery(
  message: IncomingMessage,
  { maxRedeliveries }: RetryRules,
  mover: TaskMover,
): Promise<void> {
  const redeliveries = pastTries(message).redeliveries + Math.max(1, brokerCount(message));
  if (redeliveries > maxRedeliveries) throw new GivenUp('redelivered', tooOften(redeliveries));
  await moveOrGiveUp(() => mover.again(message, redeliveries));
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
async function moveOrGiveUp(move: () => Promise<boolean>): Promise<boolean> {
  try {
    return await move();
  } catch (error) {
    throw new GivenUp('not-retried', error);
  }
}

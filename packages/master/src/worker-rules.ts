import { LeveretError, type QueueOptions } from '@leveret/core';
import type { HandleMiddleware } from './middleware/middleware.ts';
import type { RateLimit } from './middleware/rate-limit.ts';
import type { RetryOptions } from './middleware/retry.ts';
import type { StuckPolicy, TimeoutRules } from './middleware/timeout.ts';
import { checkFunction, checkOptions, number, oneOf, whole } from './options.ts';
import type { ConsumeRules, FailureOptions, WorkerOptions } from './types.ts';
import { nextWorkerId } from './worker.ts';

const POLICIES: readonly StuckPolicy[] = ['fail', 'reject', 'requeue'];
/** What a Node timer takes (`setTimeout`), in milliseconds: more would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The options of a worker, checked and told apart by what they are for. */
export interface WorkerRules {
  readonly queue: QueueOptions;
  readonly consume: ConsumeRules;
  readonly failure: Required<FailureOptions>;
  readonly retry: number | RetryOptions | undefined;
  readonly deadLetters: boolean;
  readonly timeout: TimeoutRules | undefined;
  readonly maxStuck: number;
  readonly rateLimit: RateLimit | undefined;
  readonly middleware: readonly HandleMiddleware[];
  readonly workerId: string;
}

/** Checks and fills in. Errors: `INVALID_ARGUMENT`. */
export function workerRules(
  options: WorkerOptions,
  failure: Required<FailureOptions>,
): WorkerRules {
  checkOptions(options);
  const { requeue, rejectOnRedelivered, retry, deadLetters, middleware = [], ...others } = options;
  const { timeout, timeoutGrace, onStuck, maxStuck, rateLimit, workerId, ...wire } = others;
  const { prefetch, concurrency, drainTimeout, consumerArguments, ...queue } = wire;
  if (retry !== undefined && (requeue !== undefined || rejectOnRedelivered !== undefined))
    throw new LeveretError(
      'INVALID_ARGUMENT',
      'requeue and rejectOnRedelivered must not be given with retry, which decides what becomes of failed tasks',
    );
  return {
    queue,
    consume: {
      ...(prefetch === undefined ? {} : { prefetch }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(drainTimeout === undefined ? {} : { drainTimeout }),
      ...(consumerArguments === undefined ? {} : { arguments: consumerArguments }),
    },
    failure: {
      requeue: requeue ?? failure.requeue,
      rejectOnRedelivered: rejectOnRedelivered ?? failure.rejectOnRedelivered,
    },
    retry,
    deadLetters: deadLettersRule(deadLetters, retry),
    timeout: timeoutRules(options),
    maxStuck: whole('maxStuck', maxStuck ?? 100, 1),
    rateLimit: rateLimit === undefined ? undefined : rateLimitRule(rateLimit),
    middleware: middlewareRule('middleware', middleware),
    workerId: workerIdRule(workerId),
  };
}

/** Checks pieces of middleware. Errors: `INVALID_ARGUMENT`. */
export function middlewareRule<Piece>(field: string, pieces: readonly Piece[]): readonly Piece[] {
  if (!Array.isArray(pieces))
    throw new LeveretError('INVALID_ARGUMENT', `${field} must be an array of functions`);
  for (const [index, piece] of pieces.entries()) checkFunction(`${field}[${index}]`, piece);
  return pieces;
}

function workerIdRule(given: string | undefined): string {
  if (given === undefined) return nextWorkerId();
  if (typeof given === 'string' && given !== '' && Buffer.byteLength(given) <= 255) return given;
  throw new LeveretError('INVALID_ARGUMENT', 'workerId must be a text of 1 to 255 bytes');
}

function deadLettersRule(given: boolean | undefined, retry: WorkerRules['retry']): boolean {
  if (given === undefined) return retry !== undefined;
  if (typeof given === 'boolean') return given;
  throw new LeveretError('INVALID_ARGUMENT', 'deadLetters must be true or false');
}

function timeoutRules(
  options: Pick<WorkerOptions, 'timeout' | 'timeoutGrace' | 'onStuck' | 'maxStuck'>,
): TimeoutRules | undefined {
  const { timeout, timeoutGrace, onStuck, maxStuck } = options;
  const bounds = { min: 1, max: LONGEST_TIMER };
  if (timeout !== undefined)
    return {
      timeout: number('timeout', timeout, bounds),
      grace: number('timeoutGrace', timeoutGrace ?? 1_000, { ...bounds, min: 0 }),
      stuck: oneOf('onStuck', onStuck ?? 'fail', POLICIES),
    };
  if ([timeoutGrace, onStuck, maxStuck].every((option) => option === undefined)) return undefined;
  throw new LeveretError('INVALID_ARGUMENT', 'timeoutGrace, onStuck and maxStuck need a timeout');
}

function rateLimitRule(rateLimit: RateLimit): RateLimit {
  checkOptions(rateLimit, 'rateLimit');
  return {
    tasks: whole('rateLimit.tasks', rateLimit.tasks, 1),
    per: number('rateLimit.per', rateLimit.per ?? 1_000, { min: 1, max: LONGEST_TIMER }),
  };
}

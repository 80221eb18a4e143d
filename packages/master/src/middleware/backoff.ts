import { type Clock, LeveretError } from '@leveret/core';
import { LONGEST_DELAY } from '../delay/stages.ts';
import { checkOptions, number } from '../options.ts';

/** Waits that grow: `initial × factor^(failures - 1)`, up to `max`. Milliseconds. */
export interface ExponentialBackoff {
  /** Which kind it is. */
  readonly type: 'exponential';
  /** The first wait. Default 1000. */
  readonly initial?: number;
  /** What each further one is multiplied by, from 1 on. Default 2. */
  readonly factor?: number;
  /** The longest. Default 3600000, an hour. */
  readonly max?: number;
}

/** Waits that are all alike. */
export interface FixedBackoff {
  /** Which kind it is. */
  readonly type: 'fixed';
  /** The wait, in milliseconds. Default 1000. */
  readonly delay?: number;
}

/**
 * How long a task waits for its next try: one of the two kinds, by name with their defaults; or a function of how
 * often it has failed so far (from 1) and of the error, which gives milliseconds.
 */
export type Backoff =
  | 'exponential'
  | 'fixed'
  | ExponentialBackoff
  | FixedBackoff
  | ((failures: number, error: unknown) => number);

/** The wait after so many failures, in milliseconds. */
export type BackoffRule = (failures: number, error: unknown) => number;

/** Checks a backoff and fills it in. Errors: `INVALID_ARGUMENT`; the rule throws it over what a function gave. */
export function backoffRule(
  backoff: Backoff = 'exponential',
  jitter: number,
  clock: Clock,
): BackoffRule {
  const wait = waitRule(backoff);
  const share = number('retry.jitter', jitter, { min: 0, max: 1 });
  return (failures, error) => {
    const delay = number('retry.backoff', wait(failures, error), { min: 0, max: LONGEST_DELAY });
    return delay * (1 - share * clock.random());
  };
}

function waitRule(backoff: Backoff): BackoffRule {
  if (typeof backoff === 'function') return backoff;
  if (backoff === 'exponential' || backoff === 'fixed') return waitRule({ type: backoff });
  checkOptions(backoff, 'retry.backoff');
  const bounds = { min: 0, max: LONGEST_DELAY };
  switch (backoff.type) {
    case 'fixed': {
      const delay = number('retry.backoff.delay', backoff.delay ?? 1_000, bounds);
      return () => delay;
    }
    case 'exponential': {
      const initial = number('retry.backoff.initial', backoff.initial ?? 1_000, bounds);
      const factor = number('retry.backoff.factor', backoff.factor ?? 2, { min: 1, max: 1_000 });
      const max = number('retry.backoff.max', backoff.max ?? 3_600_000, bounds);
      // Bounded, since nothing times infinity would be no number.
      return (failures) =>
        Math.min(max, initial * Math.min(factor ** (failures - 1), Number.MAX_VALUE));
    }
    default:
      throw new LeveretError(
        'INVALID_ARGUMENT',
        'retry.backoff must be "exponential", "fixed", an object with one of these as type, or a function',
      );
  }
}

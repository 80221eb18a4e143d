/** Bounds of the delay between two attempts, in milliseconds. */
export interface BackoffOptions {
  /** Bound of the delay before the second attempt. */
  readonly initial: number;
  /** Bound that the doubling stops at. */
  readonly max: number;
}

/**
 * Exponential backoff with full jitter: a uniform draw from 0 to `min(max, initial × 2^(attempt-1))`, in
 * whole milliseconds, so that clients that lost one broker do not come back all at once.
 *
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffDelay(attempt: number, options: BackoffOptions, random: number): number {
  const bound = Math.min(options.max, options.initial * 2 ** Math.min(attempt - 1, 52));
  return Math.floor(random * bound);
}

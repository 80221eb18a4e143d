import { TimeoutError } from '../errors/leveret-error.ts';
import type { Clock } from './clock.ts';

/**
 * The outcome of `promise`, or a `TIMEOUT` that names the operation after `ms` milliseconds, or the reason of
 * `signal` once that aborts. The promise itself goes on; its later outcome is dropped.
 */
export function withDeadline<T>(
  promise: PromiseLike<T>,
  operation: string,
  ms: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => end(() => reject(new TimeoutError(operation, ms))));
    const aborted = (): void => end(() => reject(signal?.reason));
    const end = (settle: () => void): void => {
      timer.cancel();
      signal?.removeEventListener('abort', aborted);
      settle();
    };
    promise.then(
      (value) => end(() => resolve(value)),
      (error) => end(() => reject(error)),
    );
    if (signal?.aborted) aborted();
    else signal?.addEventListener('abort', aborted);
  });
}

import { TestkitError } from './errors.ts';

// Taken before a test can put a fake clock in their place: a deadline guards real time.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;

/**
 * Settles as `promise` does, or rejects after `ms` milliseconds with an error that names `label`.
 * Runs on real time, also while a test has installed fake timers.
 *
 * @throws TestkitError when the time is up first.
 */
export function deadline<T>(promise: PromiseLike<T>, ms: number, label: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = startTimer(() => {
      reject(new TestkitError(`${label} did not happen within ${ms} ms`));
    }, ms);
    promise.then(
      (value) => {
        stopTimer(timer);
        resolve(value);
      },
      (reason: unknown) => {
        stopTimer(timer);
        reject(reason);
      },
    );
  });
}

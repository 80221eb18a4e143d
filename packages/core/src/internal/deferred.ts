/** A promise with its two ends outside. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes a {@link Deferred}. With `quiet`, a rejection that nobody awaits is not reported as unhandled. */
export function deferred<T = void>(options: { quiet?: boolean } = {}): Deferred<T> {
  let resolve: (value: T) => void = ignore;
  let reject: (error: unknown) => void = ignore;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  if (options.quiet) promise.catch(ignore);
  return { promise, resolve, reject };
}

/** Does nothing with what it gets. */
export function ignore(): void {}

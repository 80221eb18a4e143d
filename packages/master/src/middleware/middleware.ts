import { LeveretError } from '@leveret/core';
import { ignore } from '../errors.ts';
import type { TaskContext, TaskOptions } from '../types.ts';

/** A task that is about to be created. */
export interface PublishContext {
  /** Name of the task. */
  readonly name: string;
  /** Its payload, not encoded yet. */
  readonly payload: unknown;
  /** Its options. */
  readonly options: TaskOptions;
}

/**
 * Stands between `createTask` and the broker. `next()` goes on, with another context where it is given one, and
 * settles as the publish does; a piece that does not call it creates nothing.
 *
 * @example
 * ```ts
 * const stamped: PublishMiddleware = (context, next) =>
 *   next({ ...context, options: { ...context.options, timestamp: new Date() } })
 * ```
 */
export type PublishMiddleware = (
  context: PublishContext,
  next: (context?: PublishContext) => Promise<void>,
) => Promise<void>;

/**
 * Stands between a delivered task and its handler. `next()` goes on, with another context where it is given one
 * (`context.with(…)`), and rejects with what the handler throws. What the piece throws itself decides what becomes
 * of the task, as in a handler; when it returns, the task is done.
 *
 * @example
 * ```ts
 * const timed: HandleMiddleware = async (context, next) => {
 *   const since = performance.now()
 *   await next()
 *   seconds.observe({ task: context.name }, (performance.now() - since) / 1000)
 * }
 * ```
 */
export type HandleMiddleware = (
  context: TaskContext,
  next: (context?: TaskContext) => Promise<void>,
) => unknown;

/** What stands on the way of each task, outermost first. */
export interface Middleware {
  /** Between `createTask` and the broker. */
  readonly publish?: readonly PublishMiddleware[];
  /** Between a delivered task and its handler. */
  readonly handle?: readonly HandleMiddleware[];
}

/** One piece, of a kind that hands contexts on. */
type Piece<Context> = (context: Context, next: (context?: Context) => Promise<void>) => unknown;

/** What is left of a way: gives a promise, or is done when it returns. */
export type Rest<Context> = (context: Context) => unknown;

/** Puts pieces in front of what they lead to, the first outermost. Without any it is that itself. */
export function compose<Context>(
  pieces: readonly Piece<Context>[],
  last: Rest<Context>,
): Rest<Context> {
  return pieces.reduceRight<Rest<Context>>(
    (rest, piece) => (context) => piece(context, nextOf(rest, context)),
    last,
  );
}

/** Goes on once. Whether it was awaited or not, nothing that it rejects with ends the process. */
function nextOf<Context>(
  rest: Rest<Context>,
  context: Context,
): (other?: Context) => Promise<void> {
  let begun: Promise<void> | undefined;
  return (other = context) => {
    if (begun)
      return Promise.reject(new LeveretError('INVALID_ARGUMENT', 'next must be called once'));
    begun = Promise.resolve()
      .then(() => rest(other))
      .then(ignore);
    begun.catch(ignore);
    return begun;
  };
}

import { LeveretError } from '@leveret/core';
import { checkFunction, checkOptions, number } from '../options.ts';
import { RetryLater } from '../outcomes.ts';
import type { TaskContext } from '../types.ts';
import type { HandleMiddleware } from './middleware.ts';

/**
 * Remembers which tasks are done. Whatever workers share it see each task done once; a database or Redis does it for
 * several processes. What it rejects with fails the task.
 */
export interface IdempotencyStore {
  /**
   * Begins a task, atomically: `begun` if nobody has it (or whoever had it is silent for too long), `busy` while
   * another does it, `done` if it was finished.
   */
  begin(key: string): Beginning | Promise<Beginning>;
  /** The task that was begun is done. */
  finish(key: string): unknown;
  /** The task that was begun failed: the next one may begin it. */
  abandon(key: string): unknown;
}

/** How a task stands when another delivery of it comes. */
export type Beginning = 'begun' | 'busy' | 'done';

/** How tasks are told apart, and where it is remembered which are done. */
export interface IdempotencyOptions {
  /** Where it is remembered. */
  readonly store: IdempotencyStore;
  /** What tells a task apart; without one it is not held back. Default: its `messageId`, which every copy keeps. */
  readonly key?: (context: TaskContext) => string | undefined;
  /** Milliseconds until a copy comes again that came while another was being worked off. Default 1000. */
  readonly busyDelay?: number;
}

/**
 * Middleware that hands each task to its handler until that has succeeded once, and takes later copies for done:
 * those that a crash, a lost connection or a producer's second try left behind. Errors: `INVALID_ARGUMENT`.
 *
 * A worker that dies between the end of a handler and `finish` leaves a task that is done and not remembered; only
 * a store in the same transaction as the handler's own work closes that gap.
 *
 * @example
 * ```ts
 * const once = idempotent({ store: memoryStore({ max: 10_000 }) })
 * await master.createWorker('charge', charge, { middleware: [once] })
 * ```
 */
export function idempotent(options: IdempotencyOptions): HandleMiddleware {
  checkOptions(options);
  const { store, key = messageIdOf, busyDelay = 1_000 } = options;
  if (typeof store?.begin !== 'function')
    throw new LeveretError('INVALID_ARGUMENT', 'store must be an IdempotencyStore');
  checkFunction('key', key);
  number('busyDelay', busyDelay, { min: 0, max: 86_400_000 });
  return async (context, next) => {
    const id = key(context);
    if (id === undefined) return next();
    const beginning = await store.begin(id);
    if (beginning === 'done') return;
    if (beginning === 'busy') throw new RetryLater({ delay: busyDelay, counts: false });
    try {
      await next();
    } catch (error) {
      await abandon(store, id);
      throw error;
    }
    await store.finish(id);
  };
}

/** If that fails, the key stays busy until the store forgets it; what the handler threw matters more. */
async function abandon(store: IdempotencyStore, id: string): Promise<void> {
  try {
    await store.abandon(id);
  } catch {}
}

function messageIdOf({ message }: TaskContext): string | undefined {
  return message.messageId;
}

import { type Clock, TimeoutError, type Timer } from '@leveret/core';
import type { TaskNews } from '../news.ts';
import { RejectMessage } from '../outcomes.ts';
import type { TaskContext } from '../types.ts';
import { GivenUp } from '../verdict.ts';
import type { HandleMiddleware } from './middleware.ts';

/** What becomes of a task whose handler ignores that its time is over. */
export type StuckPolicy = 'fail' | 'reject' | 'requeue';

/** How long handlers may take. */
export interface TimeoutRules {
  /** Milliseconds until the `signal` of a handler aborts. */
  readonly timeout: number;
  /** Milliseconds that it has from then on to end. */
  readonly grace: number;
  readonly stuck: StuckPolicy;
}

/** The handlers that ignored the end of their time, and that have not ended since. */
export class StuckHandlers {
  readonly #contexts = new Set<TaskContext>();
  #changed: (() => void) | undefined;

  /** How many there are. */
  get size(): number {
    return this.#contexts.size;
  }

  /** Calls the listener, of which there is one, whenever the number changes. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** One more. */
  add(context: TaskContext): void {
    this.#contexts.add(context);
    this.#changed?.();
  }

  /** One has ended, if it was stuck. */
  remove(context: TaskContext): void {
    if (this.#contexts.delete(context)) this.#changed?.();
  }
}

/** What bounding the time of handlers needs. */
export interface TimeoutParts {
  readonly clock: Clock;
  readonly stuck: StuckHandlers;
  readonly news: Pick<TaskNews, 'timedOut' | 'stuck'>;
}

/**
 * Bounds the time of a handler: its `signal` aborts, and one that does not end soon after is left to itself. A
 * handler that ends in its grace has the last word if it returns; what it throws is `TIMEOUT`.
 */
export function timeout(rules: TimeoutRules, parts: TimeoutParts): HandleMiddleware {
  return (context, next) =>
    new Promise<void>((resolve, reject) => {
      const over = new AbortController();
      const error = new TimeoutError('handler', rules.timeout);
      const timed = context.with({ signal: AbortSignal.any([context.signal, over.signal]) });
      let timer: Timer = parts.clock.after(rules.timeout, () => {
        parts.news.timedOut();
        over.abort(error);
        timer = parts.clock.after(rules.grace, () => {
          parts.stuck.add(timed);
          parts.news.stuck(timed.message, rules.timeout);
          reject(verdictOn(rules.stuck, error));
        });
      });
      // The task is somebody else's then, and what becomes of this handler no longer matters.
      const leave = (): void => timer.cancel();
      context.signal.addEventListener('abort', leave);
      const end = (): void => {
        timer.cancel();
        context.signal.removeEventListener('abort', leave);
        parts.stuck.remove(timed);
      };
      next(timed).then(
        () => {
          end();
          resolve();
        },
        (thrown: unknown) => {
          end();
          reject(
            over.signal.aborted
              ? new TimeoutError('handler', rules.timeout, { cause: thrown })
              : thrown,
          );
        },
      );
    });
}

function verdictOn(policy: StuckPolicy, error: TimeoutError): unknown {
  if (policy === 'requeue') return new RejectMessage({ requeue: true });
  return policy === 'reject' ? new GivenUp('stuck', error) : error;
}

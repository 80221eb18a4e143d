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

/** The handlers of a worker that ignored the end of their time, and that have not ended since. */
export class StuckHandlers {
  readonly #contexts = new Set<TaskContext>();
  /** What takes back the time of those that run. */
  readonly #times = new Set<() => void>();
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

  /** One runs, whose time `stop` takes back; gives what is to be called once it has ended. */
  started(stop: () => void): () => void {
    this.#times.add(stop);
    return () => this.#times.delete(stop);
  }

  /** The worker has ended: what becomes of those that still run no longer matters. */
  end(): void {
    for (const stop of this.#times) stop();
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
      // It goes on where the connection is lost: until it ends, a handler takes the place of another.
      const ended = parts.stuck.started(() => timer.cancel());
      const end = (): void => {
        timer.cancel();
        ended();
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

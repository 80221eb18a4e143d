import type { Clock, Timer } from '@leveret/core';
import { NackMessage } from '../outcomes.ts';
import type { HandleMiddleware } from './middleware.ts';

/** How many handlers may start in how long. */
export interface RateLimit {
  /** Tasks, from 1: as many may start at once after a time without any. */
  readonly tasks: number;
  /** In so many milliseconds. Default 1000. */
  readonly per?: number;
}

/** What never began is nobody's failure. */
const PUT_BACK = new NackMessage({ requeue: true });

interface Waiting {
  readonly go: () => void;
  readonly putBack: () => void;
}

/**
 * Lets tasks through no faster than a rate: a bucket of `tasks` tokens that fills evenly. What waits is held by the
 * worker, in order, and goes back to the queue when that stops.
 */
export class RateLimiter {
  readonly #clock: Clock;
  /** Milliseconds until the next token. */
  readonly #interval: number;
  readonly #most: number;
  readonly #waiting = new Set<Waiting>();
  #tokens: number;
  #filledAt: number;
  #timer: Timer | undefined;

  constructor({ tasks, per = 1_000 }: RateLimit, clock: Clock) {
    this.#clock = clock;
    this.#interval = per / tasks;
    this.#most = tasks;
    this.#tokens = tasks;
    this.#filledAt = clock.now();
  }

  /** The piece that waits for its turn. */
  get middleware(): HandleMiddleware {
    return async (context, next) => {
      await this.turn(context.message.signal);
      await next();
    };
  }

  /** Nothing that waits gets its turn any more: it goes back to its queue. */
  stop(): void {
    this.#rest();
    for (const { putBack } of this.#waiting) putBack();
    this.#waiting.clear();
  }

  /** Waits for a turn. Rejects with `NackMessage` where the limiter stops or the signal aborts. */
  turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(PUT_BACK);
    this.#fill();
    if (this.#waiting.size === 0 && this.#take()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        go: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
        putBack: () => {
          signal.removeEventListener('abort', leave);
          reject(PUT_BACK);
        },
      };
      const leave = (): void => {
        this.#waiting.delete(waiting);
        if (this.#waiting.size === 0) this.#rest();
        waiting.putBack();
      };
      this.#waiting.add(waiting);
      signal.addEventListener('abort', leave);
      this.#schedule();
    });
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer ??= this.#clock.after(this.#untilNext(), () => {
      this.#timer = undefined;
      this.#fill();
      for (const waiting of this.#waiting) {
        if (!this.#take()) break;
        this.#waiting.delete(waiting);
        waiting.go();
      }
      if (this.#waiting.size > 0) this.#schedule();
    });
  }

  #take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #fill(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#most, this.#tokens + (now - this.#filledAt) / this.#interval);
    this.#filledAt = now;
  }

  /** At least a millisecond, since timers may fire a little early. */
  #untilNext(): number {
    return Math.max(1, Math.ceil((1 - this.#tokens) * this.#interval));
  }
}

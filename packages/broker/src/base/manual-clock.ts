import type { Clock, Timer } from './clock.ts';

interface PendingTimer {
  readonly due: number;
  readonly fn: () => void;
}

/**
 * A clock that stands still until it is turned, for tests of what takes time: message and queue expiry, heartbeats.
 *
 * ```ts
 * const clock = new ManualClock();
 * const broker = await startBroker({ clock });
 * // publish to a queue with a time to live of a minute
 * clock.advance(60_000); // the message expires now
 * ```
 */
export class ManualClock implements Clock {
  #now: number;
  /** In the order in which they were set, so that those due at the same time fire in that order. */
  readonly #timers = new Set<PendingTimer>();

  /** @param now what the clock shows, in milliseconds since 1970 */
  constructor(now = 0) {
    this.#now = now;
  }

  /** What the clock shows, in milliseconds since 1970. */
  now(): number {
    return this.#now;
  }

  /** Runs `fn` once the clock has been turned `ms` milliseconds further. */
  after(ms: number, fn: () => void): Timer {
    const timer: PendingTimer = { due: this.#now + Math.max(0, ms), fn };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Turns the clock forward and fires the timers that fall due on the way, in order, each at its own time: also those
   * that are set meanwhile. With 0 it fires what is due already.
   *
   * @param ms how far, in milliseconds
   */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (let next = this.#next(target); next !== undefined; next = this.#next(target)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.fn();
    }
    this.#now = target;
  }

  /** The first timer due by then. */
  #next(target: number): PendingTimer | undefined {
    let first: PendingTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= target && (first === undefined || timer.due < first.due)) first = timer;
    }
    return first;
  }
}

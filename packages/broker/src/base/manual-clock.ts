import { BrokerError } from './broker-error.ts';
import type { Clock, Timer } from './clock.ts';
import { Heap } from './heap.ts';

interface PendingTimer {
  readonly due: number;
  /** Timers due at the same time fire in the order in which they were set. */
  readonly order: number;
  readonly fn: () => void;
}

const isEarlier = (a: PendingTimer, b: PendingTimer): boolean =>
  a.due === b.due ? a.order < b.order : a.due < b.due;

/**
 * A clock that stands still until it is turned, for tests of what takes time: messages and queues that expire,
 * delayed confirms.
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
  /** Those that are set; the queue below still holds some that were taken back. */
  readonly #timers = new Set<PendingTimer>();
  #queue = new Heap<PendingTimer>(isEarlier);
  #set = 0;

  /**
   * @param now what the clock shows, in milliseconds since 1970; `Date.now()` for the present
   * @throws BrokerError `INVALID_ARGUMENT` for what is no time
   */
  constructor(now = 0) {
    checkTime('now', now);
    this.#now = now;
  }

  /** What the clock shows, in milliseconds since 1970. */
  now(): number {
    return this.#now;
  }

  /** Runs `fn` once the clock has been turned `ms` milliseconds further. */
  after(ms: number, fn: () => void): Timer {
    this.#set += 1;
    const timer: PendingTimer = { due: this.#now + Math.max(0, ms), order: this.#set, fn };
    this.#timers.add(timer);
    this.#queue.push(timer);
    this.#compact();
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
   * @throws BrokerError `INVALID_ARGUMENT` for a negative number or none
   */
  advance(ms: number): void {
    checkTime('ms', ms);
    const target = this.#now + ms;
    for (let next = this.#queue.first; next !== undefined; next = this.#queue.first) {
      if (next.due > target) break;
      this.#queue.shift();
      if (!this.#timers.delete(next)) continue;
      this.#now = Math.max(this.#now, next.due);
      next.fn();
    }
    this.#now = target;
  }

  /** Drops timers that were taken back, once they are the most. */
  #compact(): void {
    if (this.#queue.size <= 2 * this.#timers.size + 16) return;
    this.#queue = new Heap(isEarlier);
    for (const timer of this.#timers) this.#queue.push(timer);
  }
}

function checkTime(name: string, ms: number): void {
  if (Number.isFinite(ms) && ms >= 0) return;
  throw new BrokerError('INVALID_ARGUMENT', `${name} must be a number from 0, got ${String(ms)}`);
}

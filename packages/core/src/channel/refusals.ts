import { backoffDelay } from '../internal/backoff.ts';
import type { Clock, Timer } from '../internal/clock.ts';

/** Something that pauses, and how often it has. */
interface Refusal {
  readonly count: number;
  readonly timer: Timer;
}

/** Milliseconds. */
const BACKOFF = { initial: 100, max: 1000 };

/**
 * What the broker refused (`basic.nack`) and is to be sent again after a pause. Measured on RabbitMQ 3.10: when the
 * node of a quorum queue's leader was killed, the next node refused what was published for 2 to 3 seconds.
 */
export class Refusals<T extends object> {
  readonly #clock: Clock;
  readonly #pausing = new Set<T>();
  readonly #refusals = new WeakMap<T, Refusal>();
  #until = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many pause. */
  get size(): number {
    return this.#pausing.size;
  }

  /** Those that pause. */
  get items(): readonly T[] {
    return [...this.#pausing];
  }

  /** For so many milliseconds from now, what is refused may be sent again. */
  tolerate(ms: number): void {
    this.#until = this.#clock.now() + ms;
  }

  /** Lets it pause, then calls `due`. Gives false where refusals are not tolerated any more. */
  pause(item: T, due: () => void): boolean {
    if (this.#clock.now() >= this.#until) return false;
    const count = (this.#refusals.get(item)?.count ?? 0) + 1;
    const timer = this.#clock.after(backoffDelay(count, BACKOFF, this.#clock.random()), () => {
      this.#pausing.delete(item);
      due();
    });
    this.#refusals.set(item, { count, timer });
    this.#pausing.add(item);
    return true;
  }

  /** Whether it pauses. */
  has(item: T): boolean {
    return this.#pausing.has(item);
  }

  /** Lets go of it; harmless where it does not pause. */
  delete(item: T): void {
    if (this.#pausing.delete(item)) this.#refusals.get(item)?.timer.cancel();
  }
}

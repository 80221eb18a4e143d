import type { Clock, Timer } from '../../base/clock.ts';

/** Rings once, at a time that may be brought forward. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Timer | undefined;
  /** When it rings, in milliseconds of the clock; never, while no timer is set. */
  #at = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at that time, unless it rings earlier anyway. */
  bringForwardTo(at: number): void {
    if (at >= this.#at) return;
    this.#timer?.cancel();
    this.#arm(at);
  }

  /** Rings no more, until it is set again. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }

  #arm(at: number): void {
    this.#at = at;
    this.#timer = this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#fire());
  }

  #fire(): void {
    const at = this.#at;
    this.clear();
    // Timers may fire a little early, and those of many weeks fire much too early.
    if (this.#clock.now() < at) this.#arm(at);
    else this.#ring();
  }
}

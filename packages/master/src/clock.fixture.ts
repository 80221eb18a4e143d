// A clock that tests turn by hand. Core has one of its own, which it does not export.
import { type Clock, systemClock, type Timer } from '@leveret/core';

interface Pending {
  readonly at: number;
  readonly fn: () => void;
}

/** A clock that stands still until it is turned. */
export class HandClock implements Clock {
  /** What `random` answers. */
  chance = 0;
  #now = 0;
  readonly #timers = new Set<Pending>();

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(this.#now);
  }

  after(ms: number, fn: () => void): Timer {
    const pending = { at: this.#now + ms, fn };
    this.#timers.add(pending);
    return { cancel: () => void this.#timers.delete(pending) };
  }

  endOfTurn(fn: () => void): void {
    systemClock.endOfTurn(fn);
  }

  random(): number {
    return this.chance;
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass: timers fire in order, and what waits for them goes on in between. */
  async turn(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const [first] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (!first) break;
      this.#timers.delete(first);
      this.#now = first.at;
      first.fn();
      await endOfTurn();
    }
    this.#now = until;
    await endOfTurn();
  }
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => systemClock.endOfTurn(resolve));
}

import type { Clock, Timer } from './clock.ts';

interface Pending {
  readonly at: number;
  readonly fn: () => void;
}

/** A clock that the test turns by hand. */
export class FakeClock implements Clock {
  /** What `random` answers. */
  chance = 0.5;
  #now = 0;
  #timers: Pending[] = [];
  #turnEnds: (() => void)[] = [];

  /** How many timers have neither fired nor been taken back. */
  get timers(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(this.#now);
  }

  after(ms: number, fn: () => void): Timer {
    const timer: Pending = { at: this.#now + ms, fn };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  endOfTurn(fn: () => void): void {
    this.#turnEnds.push(fn);
  }

  random(): number {
    return this.chance;
  }

  /** Lets time pass: timers that fall due fire in their order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#due(until); next; next = this.#due(until)) {
      const fired = next;
      this.#timers = this.#timers.filter((timer) => timer !== fired);
      this.#now = fired.at;
      fired.fn();
    }
    this.#now = until;
  }

  /** Milliseconds until the next timer falls due; `undefined` where there is none. */
  get next(): number | undefined {
    const first = this.#due(Number.POSITIVE_INFINITY);
    return first && first.at - this.#now;
  }

  /** Ends the turn of the event loop. */
  endTurn(): void {
    for (const fn of this.#turnEnds.splice(0)) fn();
  }

  #due(until: number): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of this.#timers)
      if (timer.at <= until && (!first || timer.at < first.at)) first = timer;
    return first;
  }
}

/** Lets every promise that can go on do so: what is still pending after it waits for somebody. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** How a promise stands, without waiting for it. */
export async function outcomeOf(
  promise: Promise<unknown>,
): Promise<'pending' | { readonly value: unknown } | { readonly error: unknown }> {
  let outcome: 'pending' | { readonly value: unknown } | { readonly error: unknown } = 'pending';
  promise.then(
    (value) => {
      outcome = { value };
    },
    (error: unknown) => {
      outcome = { error };
    },
  );
  await settled();
  return outcome;
}

/** A pending timer, to be given back to the clock that made it. */
export interface Timer {
  /** Takes the timer back; harmless once it has fired. */
  cancel(): void;
}

/** Time and chance as all packages see them, so that tests can turn them by hand. */
export interface Clock {
  /** Milliseconds since some moment, never set back: for measuring, not for dates. */
  now(): number;
  /** The date and time of day. */
  date(): Date;
  /** Runs `fn` after `ms` milliseconds. */
  after(ms: number, fn: () => void): Timer;
  /** Runs `fn` at the end of the current turn of the event loop. */
  endOfTurn(fn: () => void): void;
  /** A number in [0, 1). */
  random(): number;
}

/** The longest delay that a Node timer takes; longer ones would fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

class SystemTimer implements Timer {
  readonly #handle: NodeJS.Timeout;

  constructor(ms: number, fn: () => void) {
    this.#handle = setTimeout(fn, Math.min(ms, LONGEST_DELAY));
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

/** The real clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after: (ms, fn) => new SystemTimer(ms, fn),
  endOfTurn: (fn) => {
    setImmediate(fn);
  },
  random: () => Math.random(),
};

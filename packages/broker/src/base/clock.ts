/** A pending timer. */
export interface Timer {
  /** Takes the timer back; harmless once it has fired. */
  cancel(): void;
}

/** Time as the broker sees it, so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds since 1970, never set back. */
  now(): number;
  /** Runs `fn` once, `ms` milliseconds from now. */
  after(ms: number, fn: () => void): Timer;
}

/** The longest delay that a Node timer takes; longer ones would fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (ms, fn) => {
    const handle = setTimeout(fn, Math.min(ms, LONGEST_DELAY));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

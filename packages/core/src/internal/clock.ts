import { timerAfter } from './timers.ts';
import { turn } from './turn.ts';

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

/** The real clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after: (ms, fn) => timerAfter(ms, fn),
  endOfTurn: (fn) => turn.end(fn),
  random: () => Math.random(),
};

/** Runs `fn` at the end of the current turn of the event loop, after all that runs there by `endOfTurn`. */
export function lastInTurn(fn: () => void): void {
  turn.last(fn);
}

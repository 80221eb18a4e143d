/** What a scenario costs the client process, counted for {@link OPERATIONS} operations. */
export interface Counts {
  /** Calls that hand bytes to a socket; each is a system call. */
  readonly writes: number;
  /** Frames in those bytes. */
  readonly frames: number;
  /** Promises made. */
  readonly promises: number;
  /** Reactions of promises run. */
  readonly microtasks: number;
  /** Timers and immediates of Node started. */
  readonly timers: number;
  /** Kilobytes allocated on the heap, compiled code that is not optimised. */
  readonly kilobytes: number;
}

/** Operations that each scenario does. */
export const OPERATIONS = 1000;

/** So many of them are under way at once. */
export const AT_ONCE = 100;

/** What is counted. */
export const SCENARIOS = ['create tasks', 'work off tasks', 'make calls'] as const;

/** One of {@link SCENARIOS}. */
export type Scenario = (typeof SCENARIOS)[number];

/**
 * What 1,000 operations may cost at most. Counts, unlike times, are the same on every machine, but for those that depend on
 * how bytes arrive: `writes`, `timers` and, a little, the others. They have room for that; a change that needs more needs a reason.
 */
export const budget: Readonly<Record<Scenario, Counts>> = {
  // Three frames a task (method, header, body), merged into writes of 8 KiB and one at the end of a burst; the promise
  // that the caller awaits, and what waits for it.
  'create tasks': {
    writes: 30,
    frames: 3000,
    promises: 2100,
    microtasks: 1100,
    timers: 30,
    kilobytes: 5000,
  },
  // As many again are created on the way. Acknowledgements are merged: a frame for all that came in one piece.
  'work off tasks': {
    writes: 60,
    frames: 3060,
    promises: 2200,
    microtasks: 1150,
    timers: 60,
    kilobytes: 10_000,
  },
  // Caller and callee in one process: three frames a request and three a reply.
  'make calls': {
    writes: 120,
    frames: 6060,
    promises: 8100,
    microtasks: 5100,
    timers: 90,
    kilobytes: 25_000,
  },
};

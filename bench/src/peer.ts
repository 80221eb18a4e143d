/** What one run measured. */
export interface Measure {
  /** Operations done. */
  readonly operations: number;
  /** Wall time, in milliseconds. */
  readonly duration: number;
  /** CPU time of the client process, user and system, in microseconds. */
  readonly cpu: number;
}

/** One run: which queue, how many operations, how many of them under way at once. */
export interface Load {
  readonly url: string;
  readonly queue: string;
  readonly operations: number;
  readonly inFlight: number;
}

/** The cases that every peer is measured in. */
export const CASES = ['publish', 'consume', 'call'] as const;

/** One of {@link CASES}. */
export type Case = (typeof CASES)[number];

/** A library that does the same job. Each case is given a durable queue and leaves it empty. */
export interface Peer extends Record<Case, (load: Load) => Promise<Measure>> {}

/** Runs `work` and measures it. */
export async function measure(operations: number, work: () => Promise<void>): Promise<Measure> {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  await work();
  const duration = performance.now() - before;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { operations, duration, cpu: user + system };
}

/** Runs `operation` for each number below `count`, at most `width` at once. */
export async function inParallel(
  count: number,
  width: number,
  operation: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await operation(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

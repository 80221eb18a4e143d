/** What `work` took. */
export interface Measure {
  readonly operations: number;
  /** Wall time, in milliseconds. */
  readonly duration: number;
  /** CPU time of this process, user and system, in microseconds. */
  readonly cpu: number;
}

/** What one run gave: numbers by name, and how long each operation took, in milliseconds. */
export interface RunResult {
  readonly operations: number;
  /** `duration` in milliseconds, `cpu` in microseconds, `memory` in bytes (the peak), and what else a case measures. */
  readonly values: Readonly<Record<string, number>>;
  readonly latencies?: ArrayLike<number>;
}

/** A clock of wall time and of the CPU time of this process. */
export function startClock(): () => { readonly duration: number; readonly cpu: number } {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  return () => {
    const duration = performance.now() - before;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { duration, cpu: user + system };
  };
}

/** Runs `work` and measures it. */
export async function measure(operations: number, work: () => Promise<void>): Promise<Measure> {
  const read = startClock();
  await work();
  return { operations, ...read() };
}

/** Runs `work` and measures it, the latency of each operation besides. */
export async function measureEach(
  operations: number,
  work: (timed: Timed) => Promise<void>,
): Promise<RunResult> {
  const latencies = new Float64Array(operations);
  const timed: Timed = (operation) => async (index) => {
    const before = performance.now();
    await operation(index);
    latencies[index] = performance.now() - before;
  };
  const { duration, cpu } = await measure(operations, () => work(timed));
  return { operations, values: { duration, cpu, memory: peakMemory() }, latencies };
}

/** Wraps an operation so that its latency is recorded. */
export type Timed = (
  operation: (index: number) => Promise<unknown>,
) => (index: number) => Promise<void>;

/** The most memory that this process has had, in bytes. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024;
}

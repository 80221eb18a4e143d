import type { Codec, Connection } from '@leveret/core';
import { RPC } from '@leveret/rpc';
import { type Api, methodName } from './names.ts';
import { Progress } from './progress.ts';

const CALLS = 1000;
const WARM_UP = 100;
const AT_ONCE = 20;

interface Pair {
  readonly x: number;
  readonly y: number;
}

/** How fast calls were. */
export interface CallSummary {
  readonly label: string;
  readonly perSecond: number;
  /** Milliseconds that half of the calls needed at most. */
  readonly p50: number;
  /** Milliseconds that all but one in a hundred needed at most. */
  readonly p99: number;
}

const pairs: readonly Pair[] = Array.from({ length: CALLS }, (_, x) => ({ x, y: CALLS - 2 * x }));

/** Multiplies pairs of numbers on the callees. Fails unless each result is right. */
export async function runCalls(
  connection: Connection,
  run: string,
  label: string,
  codec: Codec,
): Promise<CallSummary> {
  await using channel = await connection.channel();
  await using rpc = await RPC.create<Api>(channel, { codec });
  const multiply = async (pair: Pair): Promise<number> => {
    const began = performance.now();
    const product = await rpc.call(methodName(run), pair);
    if (product === pair.x * pair.y) return performance.now() - began;
    throw new Error(`${label}: ${pair.x} * ${pair.y} came back as ${product}`);
  };
  await forEach(pairs.slice(0, WARM_UP), multiply);
  using progress = new Progress(`${CALLS} calls, ${label}`, CALLS);
  const began = performance.now();
  const latencies: number[] = [];
  await forEach(pairs, async (pair) => {
    latencies.push(await multiply(pair));
    progress.advance();
  });
  const perSecond = (CALLS * 1000) / (performance.now() - began);
  return { label, perSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

/** Runs `fn` for each item, some at once. */
async function forEach<T>(items: readonly T[], fn: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await fn(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
}

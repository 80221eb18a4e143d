import assert from 'node:assert/strict';
import type { Suite } from './suite.ts';

/** How a call ended: with a value, or with what it threw. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** How `run` ends, by a throw or a rejection alike. */
export async function outcomeOf(run: () => unknown): Promise<Outcome> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error };
  }
}

/**
 * Decodes a hostile body, and fails where that ends in anything but a value or an `Error`, or takes more
 * processor time or memory than the suite allows. A busy machine does not lengthen processor time.
 */
export async function probe(suite: Suite, body: Uint8Array): Promise<Outcome> {
  const memory = memoryInUse();
  const start = process.cpuUsage();
  const outcome = await outcomeOf(() => suite.codec.decode(body));
  const { user, system } = process.cpuUsage(start);
  const millis = (user + system) / 1000;
  const grown = memoryInUse() - memory;
  const what = `a body of ${body.length} bytes, ${preview(body)},`;
  if ('error' in outcome)
    assert.ok(outcome.error instanceof Error, `${what} ended in a throw of no Error`);
  assert.ok(millis <= suite.maxMillis, `${what} took ${Math.round(millis)} ms of processor time`);
  assert.ok(grown <= suite.maxBytes, `${what} took ${Math.round(grown / 2 ** 20)} MiB of memory`);
  return outcome;
}

/** Bytes of heap and buffers, or of the process at its largest, whichever tells more. */
function memoryInUse(): number {
  const { heapTotal, external } = process.memoryUsage();
  return Math.max(heapTotal + external, process.resourceUsage().maxRSS * 1024);
}

function preview(body: Uint8Array): string {
  return Buffer.from(body.subarray(0, 16)).toString('hex');
}

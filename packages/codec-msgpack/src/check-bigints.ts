import { LeveretError } from '@leveret/core';
import { isPlain } from './plain.ts';

const MIN = -(2n ** 63n);
const MAX = 2n ** 64n - 1n;

/**
 * Refuses each `bigint` in `value` that 64 bits do not hold: the library would write its lowest 64 bits.
 * Extensions are not looked into. `depth` is how many levels may nest, which a circular value exceeds.
 *
 * @throws LeveretError `CODEC`.
 */
export function checkBigInts(value: unknown, depth: number): void {
  if (typeof value === 'bigint' && (value < MIN || value > MAX))
    throw new LeveretError('CODEC', 'MessagePack has no form for a bigint of more than 64 bits');
  if (!isPlain(value) || value instanceof Uint8Array) return;
  for (const item of Object.values(value)) {
    if (depth === 0)
      throw new LeveretError('CODEC', 'the value is circular or nests deeper than maxDepth');
    checkBigInts(item, depth - 1);
  }
}

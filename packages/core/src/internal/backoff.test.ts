import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelay } from './backoff.ts';

const options = { initial: 200, max: 30_000 };
const almostOne = 1 - 2 ** -53;

describe('backoffDelay', () => {
  it('doubles its bound with each attempt up to the maximum, and stays there', () => {
    const bounds = Array.from({ length: 10 }, (_, index) =>
      backoffDelay(index + 1, options, almostOne),
    );
    expect(bounds).toEqual([199, 399, 799, 1599, 3199, 6399, 12_799, 25_599, 29_999, 29_999]);
    expect(backoffDelay(1e6, options, almostOne)).toBe(29_999);
  });

  it('is a uniform draw from 0 on: full jitter', () => {
    expect(backoffDelay(3, options, 0)).toBe(0);
    expect(backoffDelay(3, options, 0.5)).toBe(400);
  });

  it('is whole milliseconds from 0 to below both bounds, for any attempt', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 0, max: 1e9 }),
        fc.double({ min: 0, max: almostOne, noNaN: true }),
        (attempt, initial, max, random) => {
          const delay = backoffDelay(attempt, { initial, max }, random);
          expect(Number.isInteger(delay)).toBe(true);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(
            Math.min(max, initial * 2 ** Math.min(attempt - 1, 900)),
          );
        },
      ),
    );
  });
});

import { describe, expect, test } from 'vitest';
import { HandClock } from '../clock.fixture.ts';
import { type Backoff, backoffRule } from './backoff.ts';

const waits = (backoff: Backoff | undefined, count: number, jitter = 0, chance = 0): number[] => {
  const clock = new HandClock();
  clock.chance = chance;
  const rule = backoffRule(backoff, jitter, clock);
  return Array.from({ length: count }, (_, index) => rule(index + 1, new Error('x')));
};

describe('a backoff', () => {
  test.for<[string, Backoff | undefined, number[]]>([
    ['none given', undefined, [1_000, 2_000, 4_000, 8_000]],
    ['exponential', 'exponential', [1_000, 2_000, 4_000, 8_000]],
    ['fixed', 'fixed', [1_000, 1_000, 1_000, 1_000]],
    ['options', { type: 'exponential', initial: 10, factor: 3, max: 50 }, [10, 30, 50, 50]],
    ['a delay', { type: 'fixed', delay: 7 }, [7, 7, 7, 7]],
    ['a function', (failures) => failures * 5, [5, 10, 15, 20]],
  ])('of %s waits so long', ([, backoff, expected]) => {
    expect(waits(backoff, 4)).toStrictEqual(expected);
  });

  test('grows to an hour and no further, however many failures there were', () => {
    expect(waits('exponential', 2_000).at(-1)).toBe(3_600_000);
  });

  test('is shortened by its jitter at most', () => {
    expect(waits('fixed', 1, 0.2, 0)).toStrictEqual([1_000]);
    expect(waits('fixed', 1, 0.2, 0.5)).toStrictEqual([900]);
    expect(waits('fixed', 1, 1, 0.75)).toStrictEqual([250]);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandClock } from '../clock.fixture.ts';
import { LONGEST_DELAY } from '../delay/stages.ts';
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

  test.for<[string, Backoff]>([
    ['grows from nothing', { type: 'exponential', initial: 0 }],
    ['has no room to grow', { type: 'exponential', max: 0 }],
    ['is fixed to nothing', { type: 'fixed', delay: 0 }],
  ])('that %s waits for nothing, however many failures there were', ([, backoff]) => {
    const rule = backoffRule(backoff, 0, new HandClock());
    for (const failures of [1, 2, 1_000, 5_000]) expect(rule(failures, new Error('x'))).toBe(0);
  });

  test('never grows beyond max, and never shrinks, whatever its options are', () => {
    const options = fc.record({
      initial: fc.integer({ min: 0, max: 100_000 }),
      factor: fc.double({ min: 1, max: 1_000, noNaN: true }),
      max: fc.integer({ min: 0, max: LONGEST_DELAY }),
    });
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 3_000 }), (given, failures) => {
        const rule = backoffRule({ type: 'exponential', ...given }, 0, new HandClock());
        const [one, next] = [rule(failures, undefined), rule(failures + 1, undefined)];
        expect(one).toBeLessThanOrEqual(given.max);
        expect(next).toBeGreaterThanOrEqual(one);
      }),
      { numRuns: 200 },
    );
  });

  test('loses at most the share of its jitter, and gains nothing', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, chance, (jitter, drawn) => {
        const clock = new HandClock();
        clock.chance = drawn;
        const wait = backoffRule('fixed', jitter, clock)(1, undefined);
        expect(wait).toBeLessThanOrEqual(1_000);
        expect(wait).toBeGreaterThanOrEqual(1_000 * (1 - jitter) - 1e-9);
      }),
      { numRuns: 200 },
    );
  });

  test.for([
    ['retry.backoff', null],
    ['retry.backoff', {}],
    ['retry.backoff', { type: 'linear' }],
    ['retry.backoff.delay', { type: 'fixed', delay: LONGEST_DELAY + 1 }],
    ['retry.backoff.initial', { type: 'exponential', initial: -1 }],
    ['retry.backoff.factor', { type: 'exponential', factor: 0.5 }],
    ['retry.backoff.factor', { type: 'exponential', factor: 1_001 }],
    ['retry.backoff.max', { type: 'exponential', max: Number.NaN }],
  ] as const)('of a bad %s is INVALID_ARGUMENT: %j', ([field, backoff]) => {
    expect(() => Reflect.apply(backoffRule, undefined, [backoff, 0, new HandClock()])).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(field),
      }),
    );
  });

  test.for([-1, Number.NaN, '5', LONGEST_DELAY + 1, undefined])(
    'of a function that gives %j is INVALID_ARGUMENT when it is asked',
    (given) => {
      const rule = Reflect.apply(backoffRule, undefined, [() => given, 0, new HandClock()]);
      expect(() => rule(1, undefined)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    },
  );
});

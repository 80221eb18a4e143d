import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkDelay, LONGEST_DELAY, PRECISION, routeOf, STAGES, type Stage } from './stages.ts';

const DAY = 86_400_000;

/** How long a message waits on its way, as the queues that its headers name do. */
function waitOf(delay: number): number {
  const { headers = {} } = routeOf(delay) ?? {};
  return Object.entries(headers).reduce((sum, [header, digit]) => {
    const stage = STAGES.find(({ name }) => header === `leveret-delay-${name}`);
    return sum + (stage?.unit ?? Number.NaN) * Number(digit);
  }, 0);
}

const delays = fc.oneof(
  fc.integer({ min: 0, max: 120_000 }),
  fc.integer({ min: 0, max: LONGEST_DELAY }),
  fc.double({ min: 0.001, max: LONGEST_DELAY, noNaN: true }),
);

describe('the way of a delay', () => {
  test('takes as long as the delay, rounded up to 600 ms', () => {
    fc.assert(
      fc.property(delays, (delay) => {
        const wait = waitOf(delay);
        expect(wait).toBeGreaterThanOrEqual(delay);
        expect(wait).toBeLessThan(delay + PRECISION);
      }),
    );
  });

  test('begins with the first stage that it waits in, and passes each at most once', () => {
    fc.assert(
      fc.property(delays, (delay) => {
        const route = routeOf(delay);
        if (!route) {
          expect(delay).toBe(0);
          return;
        }
        const indexes = Object.keys(route.headers).map((header) =>
          STAGES.findIndex(({ name }) => header === `leveret-delay-${name}`),
        );
        expect(Math.max(...indexes)).toBe(route.first);
        for (const [index, stage] of STAGES.entries()) {
          const digit = Number(route.headers[`leveret-delay-${stage.name}`] ?? 0);
          expect(digit).toBeLessThanOrEqual(stage.digits);
          expect(digit > 0).toBe(indexes.includes(index));
        }
      }),
    );
  });

  test.for([
    [600, 1],
    [6_000, 1],
    [60_000, 1],
    [65_400, 2],
    [3_600_000, 5],
  ])('%d ms are %d waits', ([delay, waits]) => {
    expect(Object.keys(routeOf(Number(delay))?.headers ?? {})).toHaveLength(Number(waits));
  });

  test('reaches beyond a year, with fewer than 40 queues, that of what has none included', () => {
    const queues = STAGES.reduce((sum, { digits }: Stage) => sum + digits, 1);
    expect(queues).toBeLessThan(40);
    expect(LONGEST_DELAY).toBeGreaterThan(366 * DAY);
    expect(waitOf(LONGEST_DELAY)).toBe(LONGEST_DELAY);
  });

  test.for([-1, LONGEST_DELAY + 1, Number.NaN, Number.POSITIVE_INFINITY, '1000', null])(
    'a delay of %j is INVALID_MESSAGE',
    (delay) => {
      expect(() => Reflect.apply(checkDelay, undefined, ['delay', delay])).toThrow(
        expect.objectContaining({ code: 'INVALID_MESSAGE', field: 'delay' }),
      );
    },
  );
});

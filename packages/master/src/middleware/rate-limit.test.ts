import { createInbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandClock } from '../clock.fixture.ts';
import { NackMessage } from '../outcomes.ts';
import { openWorkbench } from '../workbench.fixture.ts';
import { type RateLimit, RateLimiter } from './rate-limit.ts';

/** Those that got their turn, and when. */
function limited(limit: RateLimit) {
  const clock = new HandClock();
  const limiter = new RateLimiter(limit, clock);
  const turns: { readonly n: number; readonly at: number }[] = [];
  const come = (n: number, signal = new AbortController().signal): Promise<unknown> =>
    limiter.turn(signal).then(
      () => void turns.push({ n, at: clock.now() }),
      (error: unknown) => error,
    );
  return { clock, limiter, turns, come };
}

describe('a rate limit', () => {
  test('lets a burst through, then one at a time, evenly and in order', async () => {
    const { clock, turns, come } = limited({ tasks: 2, per: 1_000 });
    for (const n of [0, 1, 2, 3, 4]) void come(n);
    await clock.turn(0);
    expect(turns.map(({ n }) => n)).toStrictEqual([0, 1]);
    await clock.turn(1_500);
    expect(turns).toStrictEqual([
      { n: 0, at: 0 },
      { n: 1, at: 0 },
      { n: 2, at: 500 },
      { n: 3, at: 1_000 },
      { n: 4, at: 1_500 },
    ]);
    expect(clock.timers).toBe(0);
  });

  test('is never exceeded, whenever tasks come', async () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(gaps, fc.integer({ min: 1, max: 5 }), async (pauses, tasks) => {
        const per = 300;
        const { clock, turns, come } = limited({ tasks, per });
        for (const [n, pause] of pauses.entries()) {
          void come(n);
          await clock.turn(pause);
        }
        await clock.turn(per * (pauses.length + 1));
        expect(turns.map(({ n }) => n)).toStrictEqual(pauses.map((_, n) => n));
        for (const { at } of turns) {
          const within = turns.filter((turn) => turn.at >= at && turn.at < at + per).length;
          expect(within).toBeLessThanOrEqual(2 * tasks); // a full bucket, and what flows in
        }
      }),
      { numRuns: 30 },
    );
  });

  test('gives the turn of one that leaves to the next', async () => {
    const { clock, turns, come } = limited({ tasks: 1, per: 100 });
    const leave = new AbortController();
    void come(0);
    const left = come(1, leave.signal);
    void come(2);
    leave.abort();
    expect(await left).toBeInstanceOf(NackMessage);
    await clock.turn(100);
    expect(turns.map(({ n }) => n)).toStrictEqual([0, 2]);
  });

  test('that stops puts back what waits, and may go on later', async () => {
    const { clock, limiter, turns, come } = limited({ tasks: 1, per: 100 });
    void come(0);
    const waiting = come(1);
    limiter.stop();
    expect(await waiting).toBeInstanceOf(NackMessage);
    expect(await waiting).toMatchObject({ requeue: true });
    expect(clock.timers).toBe(0);
    void come(2);
    await clock.turn(100);
    expect(turns.map(({ n }) => n)).toStrictEqual([0, 2]);
  });
});

describeWithBroker('a worker with a rate limit', (getUrl) => {
  test('starts no more tasks than that', async () => {
    const { master } = await openWorkbench<{ [name: string]: { n: number } }>(getUrl());
    const name = uniqueName('task');
    const started = createInbox<number>('a task');
    const options = { autoDelete: true, rateLimit: { tasks: 2, per: 200 } };
    await master.createWorker(name, () => started.push(performance.now()), options);
    for (const n of [0, 1, 2, 3]) await master.createTask(name, { n });
    const [, second = 0, third = 0, fourth = 0] = await started.take(4);
    expect(third - second).toBeGreaterThan(50);
    expect(fourth - second).toBeGreaterThan(150);
  });

  test.for([
    ['rateLimit', 5],
    ['rateLimit.tasks', {}],
    ['rateLimit.tasks', { tasks: 0 }],
    ['rateLimit.per', { tasks: 1, per: 0 }],
  ] as const)('of a bad %s is INVALID_ARGUMENT: %j', async ([field, rateLimit]) => {
    const { master } = await openWorkbench(getUrl());
    const made = Reflect.apply(master.createWorker, master, [
      uniqueName('task'),
      () => {},
      { rateLimit },
    ]);
    await expect(made).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(field),
    });
  });
});

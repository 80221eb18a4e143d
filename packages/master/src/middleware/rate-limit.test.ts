import { createInbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandClock } from '../clock.fixture.ts';
import { NackMessage } from '../outcomes.ts';
import { openWorkbench } from '../workbench.fixture.ts';
import { type RateLimit, RateLimiter } from './rate-limit.ts';

/** Those that got their turn, and when: the clock must not be turned on before that is written down. */
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

  test('in any stretch of time lets through a full bucket and what flows in, and no more', async () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 250 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        gaps,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 50, max: 1_000 }),
        async (pauses, tasks, per) => {
          const { clock, turns, come } = limited({ tasks, per });
          for (const [n, pause] of pauses.entries()) {
            void come(n);
            await clock.turn(0);
            await clock.turn(pause);
          }
          await clock.turn(per * (pauses.length + 1));
          expect(turns.map(({ n }) => n)).toStrictEqual([...pauses.keys()]);
          for (const [first, { at }] of turns.entries())
            for (const [last, { at: until }] of turns.entries())
              if (last >= first)
                expect(last - first + 1).toBeLessThanOrEqual(
                  tasks + ((until - at) * tasks) / per + 1e-6,
                );
        },
      ),
      { numRuns: 40 },
    );
  });

  test('does not save up more than a bucket, however long nothing comes', async () => {
    const { clock, turns, come } = limited({ tasks: 3, per: 300 });
    await clock.turn(1_000_000);
    for (const n of [0, 1, 2, 3, 4]) void come(n);
    await clock.turn(0);
    expect(turns.map(({ n }) => n)).toStrictEqual([0, 1, 2]);
    await clock.turn(100);
    expect(turns.map(({ n }) => n)).toStrictEqual([0, 1, 2, 3]);
  });

  test('takes no token for a task that is gone as it comes', async () => {
    const { clock, limiter, turns, come } = limited({ tasks: 1, per: 100 });
    expect(await come(0, AbortSignal.abort())).toBeInstanceOf(NackMessage);
    void come(1);
    await clock.turn(0);
    expect(turns).toStrictEqual([{ n: 1, at: 0 }]);
    expect(await come(2, AbortSignal.abort())).toMatchObject({ requeue: true });
    expect(clock.timers).toBe(0);
    limiter.stop();
  });

  test('keeps no timer for the last one that waited and left', async () => {
    const { clock, come } = limited({ tasks: 1, per: 100 });
    const leave = new AbortController();
    void come(0);
    void come(1);
    void come(2, leave.signal);
    leave.abort();
    expect(clock.timers).toBe(1);
    await clock.turn(100);
    expect(clock.timers).toBe(0);
  });

  test('does not let one that comes overtake those that wait', async () => {
    const { clock, turns, come } = limited({ tasks: 1, per: 100 });
    for (const n of [0, 1, 2]) void come(n);
    await clock.turn(100);
    void come(3);
    await clock.turn(300);
    expect(turns.map(({ n }) => n)).toStrictEqual([0, 1, 2, 3]);
  });

  test('an abort after its turn takes nothing from those that wait', async () => {
    const { clock, turns, come } = limited({ tasks: 1, per: 100 });
    const late = new AbortController();
    void come(0);
    void come(1, late.signal);
    void come(2);
    await clock.turn(0);
    await clock.turn(100);
    late.abort();
    await clock.turn(100);
    expect(turns).toStrictEqual([
      { n: 0, at: 0 },
      { n: 1, at: 100 },
      { n: 2, at: 200 },
    ]);
  });

  test('gives no token back that was taken before it stopped', async () => {
    const { clock, limiter, turns, come } = limited({ tasks: 2, per: 200 });
    for (const n of [0, 1, 2, 3]) void come(n);
    await clock.turn(0);
    limiter.stop();
    limiter.stop();
    void come(4);
    await clock.turn(99);
    expect(turns.map(({ n }) => n)).toStrictEqual([0, 1]);
    await clock.turn(1);
    expect(turns.at(-1)).toStrictEqual({ n: 4, at: 100 });
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

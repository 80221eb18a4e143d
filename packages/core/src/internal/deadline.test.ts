import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { withDeadline } from './deadline.ts';
import { deferred } from './deferred.ts';
import { FakeClock, outcomeOf, settled } from './fake-clock.fixture.ts';

describe('withDeadline', () => {
  it('is what the promise is, where it settles in time, and leaves no timer', async () => {
    const clock = new FakeClock();
    await expect(withDeadline(Promise.resolve(5), 'x', 10, clock)).resolves.toBe(5);
    const boom = new Error('boom');
    await expect(withDeadline(Promise.reject(boom), 'x', 10, clock)).rejects.toBe(boom);
    expect(clock.timers).toBe(0);
  });

  it('is TIMEOUT, naming the operation, at the deadline and not before', async () => {
    const clock = new FakeClock();
    const promise = withDeadline(new Promise(() => undefined), 'queue.declare', 10, clock);
    promise.catch(() => undefined);
    clock.advance(9);
    expect(await outcomeOf(promise)).toBe('pending');
    clock.advance(1);
    await expect(promise).rejects.toMatchObject({
      code: 'TIMEOUT',
      operation: 'queue.declare',
      timeout: 10,
    });
  });

  it('drops what comes after the deadline, failures included', async () => {
    const clock = new FakeClock();
    const late = deferred<number>();
    const promise = withDeadline(late.promise, 'x', 10, clock);
    promise.catch(() => undefined);
    clock.advance(10);
    late.reject(new Error('late'));
    await settled();
    await expect(promise).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it.for(['before', 'meanwhile'])(
    'is the reason of a signal that aborts %s, and leaves no timer',
    async (when) => {
      const clock = new FakeClock();
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error('nobody wants it');
      if (when === 'before') controller.abort(reason);
      const promise = withDeadline(new Promise(() => undefined), 'x', 10, clock, signal);
      promise.catch(() => undefined);
      controller.abort(reason);
      await expect(promise).rejects.toBe(reason);
      expect(clock.timers).toBe(0);
    },
  );

  it('leaves nothing on a signal once it has settled', async () => {
    const { signal } = new AbortController();
    await withDeadline(Promise.resolve(5), 'x', 10, new FakeClock(), signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

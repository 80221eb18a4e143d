import { describe, expect, test, vi } from 'vitest';
import { deadline } from './deadline.ts';

const never = new Promise<never>(() => {});

describe('deadline', () => {
  test('gives the value of a promise that settles in time', async () => {
    expect(await deadline(Promise.resolve('here'), 1_000, 'it')).toBe('here');
  });

  test('fails with the reason of a promise that fails in time', async () => {
    const reason = new RangeError('no');
    await expect(deadline(Promise.reject(reason), 1_000, 'it')).rejects.toBe(reason);
  });

  test('fails with its label when the time is up', async () => {
    await expect(deadline(never, 5, 'the reply')).rejects.toThrow(
      'the reply did not happen within 5 ms',
    );
  });

  test('runs on real time while a test has fake timers', async () => {
    vi.useFakeTimers();
    try {
      await expect(deadline(never, 5, 'the reply')).rejects.toThrow('the reply');
    } finally {
      vi.useRealTimers();
    }
  });
});

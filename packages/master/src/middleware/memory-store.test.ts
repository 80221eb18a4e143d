import { describe, expect, test } from 'vitest';
import { HandClock } from '../clock.fixture.ts';
import { memoryStore } from './memory-store.ts';

describe('a store in memory', () => {
  test('knows what was begun, finished and abandoned', async () => {
    const store = memoryStore();
    expect(await store.begin('a')).toBe('begun');
    expect(await store.begin('a')).toBe('busy');
    await store.finish('a');
    expect(await store.begin('a')).toBe('done');
    expect(await store.begin('b')).toBe('begun');
    await store.abandon('b');
    expect(await store.begin('b')).toBe('begun');
  });

  test('forgets the oldest where there are too many', async () => {
    const store = memoryStore({ max: 2 });
    for (const key of ['a', 'b']) {
      await store.begin(key);
      await store.finish(key);
    }
    await store.begin('c');
    expect(await store.begin('b')).toBe('done');
    expect(await store.begin('c')).toBe('busy');
    expect(await store.begin('a')).toBe('begun');
  });

  test('forgets what is older than its ttl, done or not', async () => {
    const clock = new HandClock();
    const store = memoryStore({ ttl: 100, clock });
    await store.begin('busy');
    await store.begin('done');
    await store.finish('done');
    await clock.turn(99);
    expect([await store.begin('busy'), await store.begin('done')]).toStrictEqual(['busy', 'done']);
    await clock.turn(1);
    expect([await store.begin('busy'), await store.begin('done')]).toStrictEqual([
      'begun',
      'begun',
    ]);
  });

  test.for([{ max: 0 }, { ttl: 0 }, { max: 1.5 }, 5])(
    'with bad options %j is INVALID_ARGUMENT',
    (options) => {
      expect(() => Reflect.apply(memoryStore, undefined, [options])).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    },
  );
});

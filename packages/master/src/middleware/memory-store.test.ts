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

  test('counts its ttl from the end of a task, not from its beginning', async () => {
    const clock = new HandClock();
    const store = memoryStore({ ttl: 100, clock });
    await store.begin('a');
    await clock.turn(90);
    await store.finish('a');
    await clock.turn(99);
    expect(await store.begin('a')).toBe('done');
    await clock.turn(1);
    expect(await store.begin('a')).toBe('begun');
  });

  test('remembers no more than max, and the last ones, however many came', async () => {
    const store = memoryStore({ max: 10 });
    for (let n = 0; n < 1_000; n++) {
      await store.begin(`${n}`);
      await store.finish(`${n}`);
    }
    const standing = await Promise.all(
      Array.from({ length: 11 }, (_, n) => store.begin(`${999 - n}`)),
    );
    expect(standing).toStrictEqual([...Array.from({ length: 10 }, () => 'done'), 'begun']);
  });

  test('does not forget others for a key that is written again', async () => {
    const store = memoryStore({ max: 2 });
    for (const key of ['a', 'b']) await store.begin(key);
    for (let n = 0; n < 5; n++) await store.finish('b');
    expect(await store.begin('a')).toBe('busy');
  });

  test('remembers 10000 where it is not told how many', async () => {
    const store = memoryStore();
    for (let n = 0; n < 10_001; n++) await store.begin(`${n}`);
    expect(await store.begin('1')).toBe('busy');
    expect(await store.begin('0')).toBe('begun');
  });

  test('shrugs at an end of what it has never heard of', async () => {
    const store = memoryStore();
    await store.abandon('a');
    await store.finish('b');
    expect(await store.begin('a')).toBe('begun');
    expect(await store.begin('b')).toBe('done');
  });
});

import { describe, expect, test } from 'vitest';
import { HandClock } from '../clock.fixture.ts';
import { memoryStore } from './memory-store.ts';

describe('a store in memory', () => {
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

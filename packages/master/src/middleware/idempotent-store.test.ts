import { describe, expect, test } from 'vitest';
import { HandClock } from '../clock.fixture.ts';
import { RetryLater } from '../outcomes.ts';
import { type IdempotencyOptions, type IdempotencyStore, idempotent } from './idempotent.ts';
import { memoryStore } from './memory-store.ts';

/** What becomes of a task with this id that comes to a worker with these options. */
async function outcomeOf(
  messageId: string | undefined,
  options: IdempotencyOptions,
  handler: () => unknown = () => {},
): Promise<{ readonly ran: boolean; readonly error?: unknown }> {
  let ran = false;
  const next = async (): Promise<void> => {
    ran = true;
    await handler();
  };
  try {
    await Reflect.apply(idempotent(options), undefined, [{ message: { messageId } }, next]);
    return { ran };
  } catch (error) {
    return { ran, error };
  }
}

/** A store that writes down what it is asked. */
function recorded(answers: Partial<Record<keyof IdempotencyStore, () => never>> = {}) {
  const calls: string[] = [];
  const inner = memoryStore();
  const store: IdempotencyStore = {
    begin: (key) => {
      calls.push(`begin ${key}`);
      return answers.begin?.() ?? inner.begin(key);
    },
    finish: (key) => {
      calls.push(`finish ${key}`);
      return answers.finish?.() ?? inner.finish(key);
    },
    abandon: (key) => {
      calls.push(`abandon ${key}`);
      return answers.abandon?.() ?? inner.abandon(key);
    },
  };
  return { store, calls };
}

const down = (): never => {
  throw new Error('the store is down');
};

describe('idempotent', () => {
  test('finishes what succeeds, and does not begin it again', async () => {
    const { store, calls } = recorded();
    expect(await outcomeOf('a', { store })).toStrictEqual({ ran: true });
    expect(await outcomeOf('a', { store })).toStrictEqual({ ran: false });
    expect(calls).toStrictEqual(['begin a', 'finish a', 'begin a']);
  });

  test('abandons what fails, with the error of the handler, so that it runs again', async () => {
    const { store, calls } = recorded();
    const error = new TypeError('of the handler');
    const fail = (): never => {
      throw error;
    };
    expect(await outcomeOf('a', { store }, fail)).toStrictEqual({ ran: true, error });
    expect(await outcomeOf('a', { store })).toStrictEqual({ ran: true });
    expect(calls).toStrictEqual(['begin a', 'abandon a', 'begin a', 'finish a']);
  });

  test('has a busy copy come again after busyDelay, without counting it', async () => {
    const store = memoryStore();
    await store.begin('a');
    const { ran, error } = await outcomeOf('a', { store, busyDelay: 70 });
    expect(ran).toBe(false);
    expect(error).toBeInstanceOf(RetryLater);
    expect(error).toMatchObject({ delay: 70, counts: false });
    expect((await outcomeOf('a', { store })).error).toMatchObject({ delay: 1_000 });
  });

  test('runs what has no messageId each time, and asks no store', async () => {
    const { store, calls } = recorded();
    for (const _time of [1, 2])
      expect(await outcomeOf(undefined, { store })).toStrictEqual({ ran: true });
    expect(calls).toStrictEqual([]);
  });

  test('holds tasks apart by an empty key as by any other', async () => {
    const { store } = recorded();
    expect(await outcomeOf('a', { store, key: () => '' })).toStrictEqual({ ran: true });
    expect(await outcomeOf('b', { store, key: () => '' })).toStrictEqual({ ran: false });
  });

  test('fails a task, without running it, where the store cannot begin it', async () => {
    const { store } = recorded({ begin: down });
    expect(await outcomeOf('a', { store })).toStrictEqual({
      ran: false,
      error: new Error('the store is down'),
    });
  });

  test('fails a task whose end the store cannot write down', async () => {
    const { store, calls } = recorded({ finish: down });
    expect(await outcomeOf('a', { store })).toStrictEqual({
      ran: true,
      error: new Error('the store is down'),
    });
    expect(calls).toStrictEqual(['begin a', 'finish a']); // done, as far as is known
  });

  test('keeps the error of the handler where the store cannot abandon it', async () => {
    const { store } = recorded({ abandon: down });
    const fail = (): never => {
      throw new TypeError('of the handler');
    };
    expect((await outcomeOf('a', { store }, fail)).error).toStrictEqual(
      new TypeError('of the handler'),
    );
  });

  test('keeps a task done that another worker finished while a slow one failed', async () => {
    const clock = new HandClock();
    const store = memoryStore({ ttl: 100, clock });
    let fail = (): void => {};
    const slow = outcomeOf('a', { store }, () => {
      return new Promise((_resolve, reject) => {
        fail = () => reject(new Error('too slow'));
      });
    });
    await clock.turn(100); // so it is silent for too long
    expect(await outcomeOf('a', { store })).toStrictEqual({ ran: true });
    fail();
    expect(await slow).toMatchObject({ error: new Error('too slow') });
    expect(await outcomeOf('a', { store })).toStrictEqual({ ran: false });
  });
});

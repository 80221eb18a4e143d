import { createInbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import type { TaskContext } from '../types.ts';
import { deleteTaskInTheEnd, openWorkbench } from '../workbench.fixture.ts';
import { type IdempotencyOptions, type IdempotencyStore, idempotent } from './idempotent.ts';
import { memoryStore } from './memory-store.ts';

const WAIT = 10_000;

interface Numbers {
  readonly [name: string]: { readonly n: number };
}

/** A worker that does each task once. */
async function once(
  url: string,
  options: Partial<IdempotencyOptions>,
  handler: (context: TaskContext) => unknown,
) {
  const { master, channel } = await openWorkbench<Numbers>(url);
  const name = uniqueName('task');
  const store = memoryStore();
  const worker = await master.createWorker(name, (_payload, context) => handler(context), {
    retry: { attempts: 3, backoff: () => 0 },
    middleware: [idempotent({ store, busyDelay: 1, ...options })],
  });
  deleteTaskInTheEnd(url, name);
  return { master, channel, name, worker };
}

describeWithBroker('idempotent', (getUrl) => {
  test('has a task done once, however often it comes', async () => {
    const done = createInbox<string | undefined>('a task');
    const { master, name, worker } = await once(getUrl(), {}, ({ message }) =>
      done.push(message.messageId),
    );
    for (const messageId of ['a', 'a', 'b', 'a'])
      await master.createTask(name, { n: 1 }, { messageId });
    await expect.poll(() => worker.counters.succeeded).toBe(4);
    expect(done.drain()).toStrictEqual(['a', 'b']);
  });

  test('has a copy wait that comes while the task is being worked off', async () => {
    const started = createInbox<() => void>('a handler');
    const { master, name, worker } = await once(
      getUrl(),
      {},
      () => new Promise<void>((resolve) => started.push(resolve)),
    );
    for (const n of [1, 2]) await master.createTask(name, { n }, { messageId: 'a' });
    const end = await started.next();
    await expect.poll(() => worker.counters.retried).toBeGreaterThan(0);
    end();
    await expect.poll(() => worker.counters.succeeded, { timeout: WAIT }).toBe(2);
    expect(started.size).toBe(0);
  });

  test('lets a task that failed be tried again', async () => {
    const tries = createInbox<number>('a try');
    const { master, name } = await once(getUrl(), {}, ({ attempt }) => {
      tries.push(attempt);
      if (attempt < 3) throw new Error('again');
    });
    await master.createTask(name, { n: 1 });
    expect(await tries.take(3, WAIT)).toStrictEqual([1, 2, 3]);
  });

  test('tells tasks apart by a key of the user, and does those without one each time', async () => {
    const done = createInbox<unknown>('a task');
    const key = ({ headers }: TaskContext): string | undefined =>
      typeof headers['key'] === 'string' ? headers['key'] : undefined;
    const { master, name, worker } = await once(getUrl(), { key }, ({ payload }) =>
      done.push(payload),
    );
    for (const n of [1, 2]) await master.createTask(name, { n }, { headers: { key: 'same' } });
    for (const n of [3, 4]) await master.createTask(name, { n }, { messageId: 'same' });
    await expect.poll(() => worker.counters.succeeded).toBe(4);
    expect(done.drain()).toStrictEqual([{ n: 1 }, { n: 3 }, { n: 4 }]);
  });

  test('fails a task whose store cannot be asked', async () => {
    const asked = createInbox<string>('a question');
    const down: IdempotencyStore = {
      begin: async (key) => {
        asked.push(key);
        throw new Error('the store is down');
      },
      finish: () => {},
      abandon: () => {},
    };
    const { master, name } = await once(getUrl(), { store: down }, () => {});
    await master.createTask(name, { n: 1 }, { messageId: 'a' });
    expect(await asked.take(3, WAIT)).toStrictEqual(['a', 'a', 'a']);
    await expect.poll(() => master.deadLetters(name).count(), { timeout: WAIT }).toBe(1);
  });
});

describe('idempotent', () => {
  test.for([
    ['options', undefined],
    ['store', {}],
    ['key', { store: memoryStore(), key: 'id' }],
    ['busyDelay', { store: memoryStore(), busyDelay: -1 }],
  ])('with a bad %s is INVALID_ARGUMENT', ([field, options]) => {
    expect(() => Reflect.apply(idempotent, undefined, [options])).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(String(field)),
      }),
    );
  });
});

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import {
  type BatchOptions,
  type BatchOutcome,
  type BatchProgress,
  createBatch,
  type Payloads,
} from './batch.ts';
import { HandClock } from './clock.fixture.ts';
import { openWorkbench } from './workbench.fixture.ts';

const never = new Promise<never>(() => {});

/** Lets every promise that can go on do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A batch of anything, that has to end within a second. */
function batch(
  payloads: Payloads<unknown>,
  options: BatchOptions<unknown> = {},
  create: () => Promise<void> = async () => {},
): Promise<BatchOutcome<unknown>> {
  const made = createBatch({ payloads, options, clock: new HandClock(), create });
  return deadline(made, 1_000, 'the end of the batch');
}

/** Numbers without an end, and whether they were told that no more is wanted. */
function endless(): { readonly payloads: Generator<number>; readonly returned: () => boolean } {
  let returned = false;
  function* numbers(): Generator<number> {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      returned = true;
    }
  }
  return { payloads: numbers(), returned: () => returned };
}

/** What is begun, each to be ended by the test. */
function held() {
  const ends: (() => void)[] = [];
  const create = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
  return { ends, create };
}

describe('a batch that is aborted', () => {
  test('rejects once what is under way has settled, and not before', async () => {
    const stop = new AbortController();
    const { payloads, returned } = endless();
    const { ends, create } = held();
    let rejected = false;
    const made = batch(payloads, { inFlight: 3, signal: stop.signal }, create).catch((error) => {
      rejected = true;
      throw error;
    });
    await settled();
    stop.abort();
    for (const end of ends.splice(0, 3)) {
      await settled();
      expect(rejected).toBe(false);
      end();
    }
    await expect(made).rejects.toMatchObject({ code: 'ABORTED' });
    expect(ends).toStrictEqual([]);
    expect(returned()).toBe(true);
  });

  test('before it begins takes no payload, and tells its progress all the same', async () => {
    let taken = 0;
    const payloads = {
      [Symbol.iterator]: () => ({
        next: () => {
          taken += 1;
          return { done: false as const, value: {} };
        },
      }),
    };
    const told: BatchProgress[] = [];
    const made = batch(payloads, {
      signal: AbortSignal.abort(),
      onProgress: (progress) => void told.push(progress),
    });
    await expect(made).rejects.toMatchObject({ code: 'ABORTED' });
    expect(taken).toBe(0);
    expect(told).toStrictEqual([{ created: 0, failed: 0, total: undefined, elapsed: 0 }]);
  });

  test('by the very payloads that then hang ends all the same', async () => {
    const stop = new AbortController();
    async function* stream(): AsyncGenerator<unknown> {
      yield {};
      stop.abort();
      yield await never;
    }
    const made = batch(stream(), { signal: stop.signal });
    await expect(made).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('leaves no listener at a signal that outlives it', async () => {
    const stop = new AbortController();
    const { signal } = stop;
    const added: string[] = [];
    const removed: string[] = [];
    signal.addEventListener = (type: string) => void added.push(type);
    signal.removeEventListener = (type: string) => void removed.push(type);
    await batch([{}, {}], { signal });
    expect(added).toStrictEqual(['abort']);
    expect(removed).toStrictEqual(['abort']);
  });
});

describe('a batch that ends early', () => {
  test('returns the iterator where a callback throws', async () => {
    const { payloads, returned } = endless();
    const made = batch(payloads, {
      onProgress: () => {},
      onOutcome: () => {
        throw new Error('callback');
      },
    });
    await expect(made).rejects.toThrow('callback');
    expect(returned()).toBe(true);
  });

  test('returns the iterator where a payload is a promise that rejects', async () => {
    let returned = false;
    function* payloads(): Generator<unknown> {
      try {
        yield Promise.reject(new Error('no payload'));
        yield {};
      } finally {
        returned = true;
      }
    }
    await expect(batch(payloads())).rejects.toThrow('no payload');
    expect(returned).toBe(true);
  });

  test('tells why, even where the iterator throws as it is returned', async () => {
    const payloads = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false as const, value: {} }),
        return: () => {
          throw new Error('and this as well');
        },
      }),
    };
    const made = batch(payloads, {
      onOutcome: () => {
        throw new Error('callback');
      },
    });
    await expect(made).rejects.toThrow('callback');
  });

  test('tells its progress in the end where payloads throw', async () => {
    function* broken(): Generator<unknown> {
      yield {};
      throw new Error('no more');
    }
    const told: BatchProgress[] = [];
    const made = batch(broken(), { onProgress: (progress) => void told.push(progress) });
    await expect(made).rejects.toThrow('no more');
    expect(told).toStrictEqual([{ created: 1, failed: 0, total: undefined, elapsed: 0 }]);
  });
});

describe('a batch', () => {
  test('knows the size of a map, and of nothing that it has not counted', async () => {
    expect(await batch(new Map([['a', 1]]))).toMatchObject({ created: 1, total: 1 });
    expect(await batch(new Map([['a', 1]]).keys())).toMatchObject({ created: 1, total: undefined });
    expect(await batch([])).toStrictEqual({
      created: 0,
      failed: 0,
      total: 0,
      elapsed: 0,
      failures: [],
    });
  });

  test.for([
    ['signal', [], { signal: 'stop' }],
    ['payloads', { [Symbol.iterator]: 5 }, {}],
    ['payloads', 'text', {}],
    ['inFlight', [], { inFlight: 1.5 }],
    ['each', [], { each: {} }],
    ['onOutcome', [], { onOutcome: null }],
  ] as const)('with bad %s is INVALID_ARGUMENT: %j', async ([field, payloads, options]) => {
    await expect(Reflect.apply(batch, undefined, [payloads, options])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(field),
    });
  });

  test('holds on to no payload that has settled', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const refs: WeakRef<object>[] = [];
    let alive = 0;
    async function* stream(): AsyncGenerator<object> {
      for (let n = 0; n < 200; n++) {
        const payload = { n };
        refs.push(new WeakRef(payload));
        yield payload;
      }
      await settled();
      collect();
      alive = refs.filter((ref) => ref.deref()).length;
    }
    await batch(stream(), { inFlight: 2 });
    expect(refs).toHaveLength(200);
    expect(alive).toBeLessThan(10);
  });
});

describeWithBroker('createTasks', (getUrl) => {
  test('of endless payloads ends with CLOSED when its connection is closed', async () => {
    const { master, channel, connection } = await openWorkbench<{ [name: string]: unknown }>(
      getUrl(),
    );
    const name = uniqueName('task');
    await channel.declareQueue(name, { exclusive: true });
    const { payloads, returned } = endless();
    const created = createInbox<number>('a task');
    const made = master.createTasks(name, wrapped(payloads), {
      inFlight: 5,
      onOutcome: ({ index }) => created.push(index),
    });
    made.catch(() => {});
    await created.take(20);
    await connection.close();
    await expect(deadline(made, 5_000, 'the end')).rejects.toMatchObject({ code: 'CLOSED' });
    expect(returned()).toBe(true);
  });

  test('keeps the order of a stream in the queue', async () => {
    const { master, channel } = await openWorkbench<{ [name: string]: { n: number } }>(getUrl());
    const name = uniqueName('task');
    await channel.declareQueue(name, { exclusive: true });
    async function* stream(): AsyncGenerator<{ n: number }> {
      for (let n = 0; n < 40; n++) yield { n };
    }
    const outcome = await master.createTasks(name, stream(), { inFlight: 7 });
    expect(outcome).toMatchObject({ created: 40, failed: 0, total: undefined });
    const worked = createInbox<number>('a task');
    await master.createWorker(name, ({ n }) => worked.push(n), { exclusive: true });
    expect(await worked.take(40)).toStrictEqual(Array.from({ length: 40 }, (_, n) => n));
  });
});

function* wrapped(numbers: Generator<number>): Generator<{ readonly n: number }> {
  for (const n of numbers) yield { n };
}

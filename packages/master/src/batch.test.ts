import { LeveretError } from '@leveret/core';
import { deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { type BatchOptions, type BatchProgress, createBatch, type TaskOutcome } from './batch.ts';
import { HandClock } from './clock.fixture.ts';
import { openWorkbench } from './workbench.fixture.ts';

interface Numbered {
  readonly n: number;
}
interface Numbers {
  readonly [name: string]: Numbered;
}

const range = (count: number): Numbered[] => Array.from({ length: count }, (_, n) => ({ n }));

async function* stream(count = Number.POSITIVE_INFINITY): AsyncGenerator<Numbered, void> {
  for (let n = 0; n < count; n++) yield { n };
}

/** Lets every promise that can go on do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a batch', () => {
  test.for([
    ['an array', () => range(5), 5],
    ['a set', () => new Set(range(5)), 5],
    ['a generator', () => range(5).values(), undefined],
    ['an async generator', () => stream(5), undefined],
  ] as const)('creates a task for each payload of %s, in order', async ([, make, total]) => {
    const created: number[] = [];
    const outcome = await createBatch<Numbered>({
      payloads: make(),
      options: {},
      clock: new HandClock(),
      create: async ({ n }) => void created.push(n),
    });
    expect(created).toStrictEqual([0, 1, 2, 3, 4]);
    expect(outcome).toStrictEqual({ created: 5, failed: 0, total, elapsed: 0, failures: [] });
  });

  test('has no more payloads under way than inFlight says', async () => {
    let taken = 0;
    const ends: (() => void)[] = [];
    function* payloads(): Generator<Numbered> {
      for (const each of range(10)) {
        taken += 1;
        yield each;
      }
    }
    const batch = createBatch({
      payloads: payloads(),
      options: { inFlight: 3 },
      clock: new HandClock(),
      create: () => new Promise<void>((resolve) => ends.push(resolve)),
    });
    await settled();
    expect([taken, ends.length]).toStrictEqual([3, 3]);
    ends.shift()?.();
    await settled();
    expect(taken).toBe(4);
    while (ends.length > 0) {
      for (const end of ends.splice(0)) end();
      await settled();
    }
    expect((await batch).created).toBe(10);
  });

  test('tells what became of each task, and goes on over those that fail', async () => {
    const told: TaskOutcome<Numbered>[] = [];
    const { created, failed, failures } = await createBatch({
      payloads: range(300),
      options: { onOutcome: (outcome) => void told.push(outcome) },
      clock: new HandClock(),
      create: async ({ n }) => {
        if (n % 2 === 1) throw new LeveretError('NACKED', `${n}`);
      },
    });
    expect([created, failed, failures.length]).toStrictEqual([150, 150, 100]);
    expect(told).toHaveLength(300);
    expect(failures[0]).toMatchObject({ index: 1, payload: { n: 1 }, error: { code: 'NACKED' } });
    expect(told.find(({ index }) => index === 2)?.error).toBeUndefined();
  });

  test('tells its progress every 100 ms at most, and in the end', async () => {
    const clock = new HandClock();
    const told: BatchProgress[] = [];
    await createBatch({
      payloads: range(10),
      options: { inFlight: 1, onProgress: (progress) => void told.push(progress) },
      clock,
      create: async () => clock.turn(40),
    });
    expect(told.map(({ created }) => created)).toStrictEqual([3, 6, 9, 10]);
    expect(told.at(-1)).toStrictEqual({ created: 10, failed: 0, total: 10, elapsed: 400 });
  });

  const ends = (options: BatchOptions<Numbered>, create = async (): Promise<void> => {}) =>
    createBatch({ payloads: stream(), options, clock: new HandClock(), create });

  test('stops at its signal, once what is under way has settled, and returns the iterator', async () => {
    const stop = new AbortController();
    let returned = false;
    let created = 0;
    async function* endless(): AsyncGenerator<Numbered> {
      try {
        yield* stream();
      } finally {
        returned = true;
      }
    }
    const batch = createBatch({
      payloads: endless(),
      options: { signal: stop.signal },
      clock: new HandClock(),
      create: async () => {
        created += 1;
        if (created === 50) stop.abort(new Error('enough'));
      },
    });
    await expect(batch).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } });
    await settled();
    expect(returned).toBe(true);
  });

  test('stops at its signal while the payloads hang, and where it was aborted before', async () => {
    const stop = new AbortController();
    const never: AsyncIterable<Numbered> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    };
    const batch = createBatch({
      payloads: never,
      options: { signal: stop.signal },
      clock: new HandClock(),
      create: async () => {},
    });
    stop.abort();
    await expect(deadline(batch, 1_000, 'the end')).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(ends({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('stops at its signal while a payload that is a promise is not there', async () => {
    const stop = new AbortController();
    const batch = createBatch<unknown>({
      payloads: [1, new Promise(() => {})],
      options: { signal: stop.signal },
      clock: new HandClock(),
      create: async () => {},
    });
    await settled();
    stop.abort();
    await expect(deadline(batch, 1_000, 'the end')).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('ends with what payloads or a callback throw', async () => {
    function* broken(): Generator<Numbered> {
      yield { n: 0 };
      throw new Error('no more');
    }
    let created = 0;
    const create = async (): Promise<void> => {
      await settled();
      created += 1;
    };
    const batch = createBatch({ payloads: broken(), options: {}, clock: new HandClock(), create });
    await expect(batch).rejects.toThrow('no more');
    expect(created).toBe(1);
    const callback = (): never => {
      throw new Error('callback');
    };
    await expect(ends({ onOutcome: callback })).rejects.toThrow('callback');
    const later: unknown = async () => callback();
    const options = { payloads: stream(), clock: new HandClock(), create: async () => {} };
    const late = Reflect.apply(createBatch, undefined, [
      { ...options, options: { onOutcome: later } },
    ]);
    await expect(late).rejects.toThrow('callback');
    const each = await createBatch({
      payloads: range(1),
      options: { each: callback },
      clock: new HandClock(),
      create: async () => {},
    });
    expect(each.failures).toMatchObject([{ index: 0, error: { cause: { message: 'callback' } } }]);
  });

  test('of endless payloads ends with CLOSED once nothing can be created any more', async () => {
    const closed = new LeveretError('CLOSED', 'closed');
    await expect(ends({}, () => Promise.reject(closed))).rejects.toBe(closed);
  });
});

describeWithBroker('createTasks', (getUrl) => {
  test('creates tasks with the options of all and of each; a bad one fails alone', async () => {
    const { master, channel } = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    const queue = await channel.declareQueue(name, { exclusive: true });
    const bad: unknown = 'no object';
    const payloads = [{ n: 0 }, bad, { n: 2 }];
    const outcome = await Reflect.apply(master.createTasks, master, [
      name,
      payloads,
      { type: 'kind', each: (_payload: unknown, index: number) => ({ priority: index }) },
    ]);
    expect(outcome).toMatchObject({
      created: 2,
      failed: 1,
      total: 3,
      failures: [{ index: 1, payload: bad, error: { code: 'INVALID_MESSAGE' } }],
    });
    expect(await queue.get({ noAck: true })).toMatchObject({ type: 'kind', priority: 0 });
    expect(await queue.get({ noAck: true })).toMatchObject({ type: 'kind', priority: 2 });
  });

  test.for([
    ['payloads', [5]],
    ['payloads', [null]],
    ['inFlight', [[], { inFlight: 0 }]],
    ['onProgress', [[], { onProgress: 1 }]],
    ['options', [[], 5]],
  ] as const)('with bad %s is INVALID_ARGUMENT: %j', async ([field, args]) => {
    const { master } = await openWorkbench(getUrl());
    await expect(
      Reflect.apply(master.createTasks, master, [uniqueName('task'), ...args]),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(field) });
  });
});

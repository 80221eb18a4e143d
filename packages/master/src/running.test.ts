import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import type { WorkerOptions } from './types.ts';
import { openWorkbench } from './workbench.fixture.ts';

interface Numbers {
  readonly [name: string]: { readonly n: number };
}

/** A worker whose handlers end when the test says so. */
async function holding(url: string, options: WorkerOptions = {}) {
  const bench = await openWorkbench<Numbers>(url);
  const name = uniqueName('task');
  const started = createInbox<number>('a handler');
  const ends: (() => void)[] = [];
  const worker = await bench.master.createWorker(
    name,
    ({ n }) => {
      started.push(n);
      return new Promise<void>((resolve) => ends.push(resolve));
    },
    options,
  );
  onTestFinished(async () => {
    for (const end of ends) end();
    const { channel } = await openWorkbench(url);
    await (await channel.getQueue(name, { ensure: false })).delete();
  });
  const create = async (...numbers: number[]): Promise<void> => {
    for (const n of numbers) await bench.master.createTask(name, { n });
  };
  const endAll = (): void => {
    for (const end of ends.splice(0)) end();
  };
  return { ...bench, name, started, worker, create, endAll };
}

describeWithBroker('a running worker', (getUrl) => {
  test('is paused: what waits goes to others, what is in hand goes on; and resumed', async () => {
    const { worker, create, started, master, name, endAll } = await holding(getUrl(), {
      concurrency: 1,
    });
    await create(0, 1, 2);
    await started.next();
    await worker.pause();
    expect(worker.health()).toMatchObject({
      live: true,
      ready: false,
      state: 'paused',
      inHand: 1,
      waiting: 0,
    });
    const others = createInbox<number>('a task of another worker');
    const other = await master.createWorker(name, ({ n }) => others.push(n));
    expect(await others.take(2)).toStrictEqual([1, 2]);
    await other.close();
    await create(3);
    endAll();
    await expect.poll(() => worker.counters.succeeded).toBe(1);
    expect(started.size).toBe(0);
    await worker.resume();
    expect(await started.next()).toBe(3);
    expect(worker.health()).toMatchObject({ ready: true, state: 'working', inHand: 1 });
  });

  test('of an autoDelete queue is paused without losing the queue', async () => {
    const { worker, create, started } = await holding(getUrl(), { autoDelete: true });
    await worker.pause();
    await create(0, 1);
    await expect.poll(() => worker.health().waiting).toBe(2);
    expect(started.size).toBe(0);
    await worker.resume();
    expect(await started.take(2)).toStrictEqual([0, 1]);
  });

  test('has its concurrency changed, also while it is paused', async () => {
    const { worker, create, started, endAll } = await holding(getUrl(), { concurrency: 1 });
    await create(0, 1, 2, 3);
    await started.next();
    worker.concurrency = 2;
    expect(await started.next()).toBe(1);
    worker.concurrency = 1;
    endAll();
    expect(await started.next()).toBe(2);
    expect(worker.health().inHand).toBe(1);
    await worker.pause();
    worker.concurrency = 5;
    await create(4);
    expect(worker.concurrency).toBe(5);
    expect(worker.health().state).toBe('paused');
    await worker.resume();
    expect([...(await started.take(2))].sort()).toStrictEqual([3, 4]);
    expect(() => {
      worker.concurrency = 0;
    }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('counts what becomes of its tasks, and tells when it had the last one', async () => {
    const { master, channel } = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    const worker = await master.createWorker(
      name,
      ({ n }, { redelivered }) => {
        if (n === 1 && !redelivered) throw new Error('once');
      },
      { autoDelete: true },
    );
    expect(worker.health().lastDelivery).toBeUndefined();
    for (const n of [0, 1, 2]) await master.createTask(name, { n });
    await channel.defaultExchange.publish({ body: Buffer.from('no json') }, name);
    await expect
      .poll(() => worker.counters)
      .toStrictEqual({
        delivered: 5,
        succeeded: 3,
        retried: 0,
        requeued: 1,
        rejected: 1,
        deadLettered: 0,
        timedOut: 0,
      });
    expect(Date.now() - Number(worker.health().lastDelivery)).toBeLessThan(60_000);
  });

  test('is live as long as only a loss of the connection keeps it from work', async () => {
    const { worker, connection, channel, name } = await holding(getUrl());
    expect(worker.health()).toMatchObject({ live: true, ready: true, state: 'working' });
    await (await channel.getQueue(name)).delete();
    await deadline(worker.ended, 5_000, 'the end of the worker');
    expect(worker.health()).toMatchObject({ live: false, ready: false, state: 'closed' });
    await connection.close();
  });

  test('that was closed on purpose is not taken for ill', async () => {
    const { worker } = await holding(getUrl());
    await worker.close();
    expect(worker.health()).toMatchObject({ live: true, ready: false, state: 'closed' });
  });
});

describeWithBroker('a rate limit', (getUrl) => {
  test('gives back what waits for its turn when the worker closes or is paused', async () => {
    const { master, channel, name, worker, create, started, endAll } = await holding(getUrl(), {
      rateLimit: { tasks: 1, per: 600_000 },
    });
    await create(0, 1, 2);
    await started.next();
    await expect.poll(() => worker.health().inHand).toBe(3);
    await worker.pause();
    await expect.poll(async () => (await channel.getQueue(name)).messageCount).toBe(2);
    endAll();
    await deadline(worker.close(), 5_000, 'closing');
    const others = createInbox<number>('a task of another worker');
    await master.createWorker(name, ({ n }) => others.push(n));
    expect(await others.take(2)).toStrictEqual([1, 2]);
  });
});

import { Consumer, type LeveretEvent, TimeoutError } from '@leveret/core';
import {
  createInbox,
  deadline,
  findRabbitServer,
  type RabbitNode,
  startRabbitNode,
  startTcpProxy,
} from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { TaskContext, WorkerOptions } from '../types.ts';
import { deleteTaskInTheEnd, leftIn, openWorkbench, type Workbench } from '../workbench.fixture.ts';
import type { Worker } from '../worker.ts';

interface Numbered {
  readonly n: number;
}
interface Numbers {
  readonly [name: string]: Numbered;
}

interface Timed extends Workbench<Numbers> {
  readonly name: string;
  readonly worker: Worker;
}

/** A handler that never ends, whatever its signal says. */
const forEver = (): Promise<never> => new Promise(() => {});

async function withTimeout(
  url: string,
  handler: (payload: Numbered, context: TaskContext) => unknown,
  options: WorkerOptions = {},
): Promise<Timed> {
  const bench = await openWorkbench<Numbers>(url);
  const name = uniqueName('task');
  const worker = await bench.master.createWorker(name, handler, {
    timeout: 40,
    timeoutGrace: 40,
    ...options,
  });
  deleteTaskInTheEnd(url, name);
  return { ...bench, name, worker };
}

/** The next event of one of these types. */
async function eventOf({ events }: Timed, ...types: LeveretEvent['type'][]): Promise<LeveretEvent> {
  let event = await events.next(10_000);
  while (!types.includes(event.type)) event = await events.next(10_000);
  return event;
}

describeWithBroker('a timeout of handlers', (getUrl) => {
  test('leaves those alone that end in time', async () => {
    const done = createInbox<AbortSignal>('a handler');
    const timed = await withTimeout(getUrl(), (_payload, { signal }) => done.push(signal), {
      timeout: 10_000,
    });
    await timed.master.createTask(timed.name, { n: 1 });
    expect((await done.next()).aborted).toBe(false);
    await timed.worker.close();
    expect(timed.worker.counters).toMatchObject({ succeeded: 1, timedOut: 0 });
  });

  test('aborts the signal; a handler that then throws has failed with TIMEOUT, and is not stuck', async () => {
    const timed = await withTimeout(
      getUrl(),
      (_payload, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
      { requeue: false },
    );
    await timed.master.createTask(timed.name, { n: 1 });
    expect(await eventOf(timed, 'handler-failed')).toMatchObject({
      error: { code: 'TIMEOUT', operation: 'handler', timeout: 40, cause: { code: 'TIMEOUT' } },
    });
    expect(timed.worker.health().stuck).toBe(0);
    expect(timed.worker.counters).toMatchObject({ timedOut: 1, rejected: 1 });
  });

  test('leaves the last word to a handler that returns soon after', async () => {
    const timed = await withTimeout(
      getUrl(),
      (_payload, { signal }) =>
        new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
      { timeoutGrace: 10_000 },
    );
    await timed.master.createTask(timed.name, { n: 1 });
    await expect.poll(() => timed.worker.counters.succeeded).toBe(1);
    expect(await leftIn(timed.name, timed)).toBe(0);
  });

  test('has a handler that ignores it count as stuck, tries its task again, and works on', async () => {
    const worked = createInbox<number>('a task');
    const timed = await withTimeout(
      getUrl(),
      ({ n }, { attempt }) => {
        if (n === 0 && attempt === 1) return forEver();
        return worked.push(n);
      },
      { retry: { attempts: 3, backoff: () => 0 }, concurrency: 1, prefetch: 1 },
    );
    for (const n of [0, 1, 2])
      await timed.master.createTask(timed.name, { n }, { messageId: `${n}` });

    expect(await eventOf(timed, 'handler-stuck')).toMatchObject({
      queue: timed.name,
      messageId: '0',
      timeout: 40,
    });
    expect(new Set(await worked.take(3, 10_000))).toStrictEqual(new Set([0, 1, 2]));
    expect(timed.worker.health()).toMatchObject({ live: true, ready: true, stuck: 1 });
    expect(timed.worker.health().lastDelivery).toBeInstanceOf(Date);
  });

  test.for([
    ['reject', 'stuck', 1],
    ['fail', 'attempts', 2],
  ] as const)('with onStuck %s gives a task up as %s', async ([onStuck, reason, attempts]) => {
    const timed = await withTimeout(getUrl(), forEver, {
      onStuck,
      retry: { attempts: 2, backoff: () => 0 },
    });
    await timed.master.createTask(timed.name, { n: 1 });
    expect(await eventOf(timed, 'task-dead-lettered')).toMatchObject({
      reason,
      attempts,
      error: { code: 'TIMEOUT' },
    });
    expect(timed.worker.health().stuck).toBe(attempts);
  });

  test('with onStuck requeue puts a task back', async () => {
    const tries = createInbox<boolean>('a try');
    const timed = await withTimeout(
      getUrl(),
      (_payload, { redelivered }) => {
        tries.push(redelivered);
        return redelivered ? undefined : forEver();
      },
      { onStuck: 'requeue', requeue: false },
    );
    await timed.master.createTask(timed.name, { n: 1 });
    expect(await tries.take(2)).toStrictEqual([false, true]);
  });

  test('goes on where the connection is lost: a handler that hangs gives its place to the next', async () => {
    const { hostname, port } = new URL(getUrl());
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    onTestFinished(() => proxy.close());
    const started = createInbox<number>('a handler');
    const timed = await withTimeout(
      proxy.url(getUrl()),
      ({ n }, { attempt }) => {
        started.push(n);
        return n === 0 && attempt === 1 ? forEver() : undefined;
      },
      { concurrency: 1, prefetch: 1, timeout: 300 },
    );
    const { master, name, worker } = timed;
    await master.createTask(name, { n: 0 });
    await started.next();
    proxy.cut();
    await eventOf(timed, 'handler-stuck');
    expect(await started.next(10_000)).toBe(0);
    expect(worker.health()).toMatchObject({ live: true, stuck: 1 });
    await worker.close();
    await timed.connection.close();
  });

  test('with maxStuck handlers stuck takes no more tasks, and says that it is not live', async () => {
    const ends: (() => void)[] = [];
    const started = createInbox<number>('a handler');
    const timed = await withTimeout(
      getUrl(),
      ({ n }) => {
        started.push(n);
        return n < 2 ? new Promise<void>((resolve) => ends.push(resolve)) : undefined;
      },
      { maxStuck: 2, onStuck: 'reject', concurrency: 2, prefetch: 2 },
    );
    const { master, name, worker } = timed;
    for (const n of [0, 1]) await master.createTask(name, { n });
    await started.take(2);
    await eventOf(timed, 'handler-stuck');
    await eventOf(timed, 'handler-stuck');
    expect(worker.health()).toMatchObject({ live: false, ready: false, state: 'stuck', stuck: 2 });
    await master.createTask(name, { n: 2 });
    // As where the connection is away for longer than a request may take.
    const away = new TimeoutError('basic.consume', 30_000);
    const resume = vi.spyOn(Consumer.prototype, 'resume');
    for (const _ of ends) resume.mockRejectedValueOnce(away);
    onTestFinished(() => resume.mockRestore());
    for (const end of ends) end();
    expect(await started.next(10_000)).toBe(2);
    expect(worker.health()).toMatchObject({ live: true, stuck: 0 });
  });

  test.for([
    ['timeout', { timeout: 0 }],
    ['timeout', { timeout: 2 ** 31 }],
    ['timeoutGrace', { timeout: 1, timeoutGrace: -1 }],
    ['onStuck', { timeout: 1, onStuck: 'ignore' }],
    ['maxStuck', { timeout: 1, maxStuck: 0 }],
    ['maxStuck', { maxStuck: 5 }],
    ['timeout', { onStuck: 'fail' }],
  ] as const)('a bad %s is INVALID_ARGUMENT: %j', async ([field, options]) => {
    const { master } = await openWorkbench(getUrl());
    const made = Reflect.apply(master.createWorker, master, [
      uniqueName('task'),
      () => {},
      options,
    ]);
    await expect(made).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(field),
    });
  });
});

describe.skipIf(findRabbitServer() === undefined)('the consumer timeout of the broker', () => {
  let node: RabbitNode;
  beforeAll(async () => {
    node = await startRabbitNode();
    await node.erlang(
      'application:set_env(rabbit, consumer_timeout, 1000), application:set_env(rabbit, channel_tick_interval, 300).',
    );
  }, 120_000);
  afterAll(() => node?.[Symbol.asyncDispose]());

  test('is not met by a worker whose own timeout is shorter', { timeout: 30_000 }, async () => {
    const worked = createInbox<number>('a task');
    const timed = await withTimeout(
      node.url,
      ({ n }, { attempt }) => {
        if (attempt < 3) return forEver();
        return worked.push(n);
      },
      { retry: { attempts: 3, backoff: () => 0 }, timeout: 300, timeoutGrace: 100 },
    );
    await timed.master.createTask(timed.name, { n: 1 });
    expect(await worked.next(10_000)).toBe(1);
    expect(timed.events.drain().map(({ type }) => type)).not.toContain('channel-closed');
  });

  test('costs a worker without one its channel, and the task is tried again', {
    timeout: 30_000,
  }, async () => {
    const worked = createInbox<number>('a try');
    const { master } = await openWorkbench<Numbers>(node.url);
    const name = uniqueName('task');
    const worker = await master.createWorker(
      name,
      (_payload, { attempt }) => {
        worked.push(attempt);
        return attempt === 1 ? forEver() : undefined;
      },
      { retry: { attempts: 3, backoff: () => 0 }, drainTimeout: 100 },
    );
    await master.createTask(name, { n: 1 });
    expect(await worked.take(2, 20_000)).toStrictEqual([1, 2]);
    await deadline(worker.close(), 5_000, 'closing');
  });
});

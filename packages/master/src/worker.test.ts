import { LeveretError } from '@leveret/core';
import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import type { TaskContext } from './types.ts';
import { leftIn, openWorkbench } from './workbench.fixture.ts';

interface Numbered {
  readonly n: number;
}
interface Numbers {
  readonly [name: string]: Numbered;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Something that a handler waits for until the test says so. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describeWithBroker('working tasks off', (getUrl) => {
  test.for([
    [
      'sync',
      (push: (n: number) => void) =>
        ({ n }: Numbered) =>
          push(n),
    ],
    [
      'async',
      (push: (n: number) => void) =>
        async ({ n }: Numbered) =>
          push(n),
    ],
  ] as const)('a %s handler gets each task once, in order', async ([, makeHandler]) => {
    const bench = await openWorkbench<Numbers>(getUrl());
    const { master } = bench;
    const name = uniqueName('task');
    const worked = createInbox<number>('a task worked off');
    await master.createWorker(name, makeHandler(worked.push), { autoDelete: false });
    onTestFinished(async () => {
      const { channel } = await openWorkbench(getUrl());
      await (await channel.getQueue(name, { ensure: false })).delete();
    });

    for (const n of range(50)) await master.createTask(name, { n });

    expect(await worked.take(50)).toStrictEqual(range(50));
    expect(await leftIn(name, bench)).toBe(0);
    expect(worked.size).toBe(0);
  });

  test('several workers share the tasks, each task goes to one of them', async () => {
    const { master } = await openWorkbench<Numbers>(getUrl());
    const other = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    const worked = createInbox<{ by: string; n: number }>('a task worked off');
    for (const [by, each] of Object.entries({ first: master, second: other.master }))
      await each.createWorker(name, async ({ n }) => worked.push({ by, n }), {
        autoDelete: true,
        prefetch: 1,
      });

    await Promise.all(range(100).map((n) => master.createTask(name, { n })));

    const all = await worked.take(100);
    expect(all.map(({ n }) => n).sort((a, b) => a - b)).toStrictEqual(range(100));
    expect(new Set(all.map(({ by }) => by))).toStrictEqual(new Set(['first', 'second']));
  });

  test('the handler learns of the message, its headers and the try', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const contexts = createInbox<TaskContext>('a task');
    await master.createWorker(name, (_payload, context) => contexts.push(context), {
      autoDelete: true,
    });
    await master.createTask(name, { a: 1 }, { headers: { from: 'here' }, messageId: 'id-1' });
    const context = await contexts.next();
    expect(context.name).toBe(name);
    expect(context.headers).toStrictEqual({ from: 'here' });
    expect(context.message).toMatchObject({ messageId: 'id-1', routingKey: name });
    expect(context.redelivered).toBe(false);
    expect(context.attempt).toBe(1);
    expect(context.signal.aborted).toBe(false);
  });

  test('of a classic queue the second try is known, and not which try it is', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const tries = createInbox<Pick<TaskContext, 'attempt' | 'redelivered'>>('a try');
    let count = 0;
    await master.createWorker(
      name,
      (_payload, { attempt, redelivered }) => {
        tries.push({ attempt, redelivered });
        count += 1;
        if (count < 3) throw new Error('again');
      },
      { autoDelete: true },
    );
    await master.createTask(name, {});
    expect(await tries.take(3)).toStrictEqual([
      { attempt: 1, redelivered: false },
      { attempt: 2, redelivered: true },
      { attempt: 2, redelivered: true },
    ]);
  });

  test('a quorum queue counts the tries', async () => {
    const { master, channel } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    onTestFinished(async () => {
      await (await channel.getQueue(name, { ensure: false })).delete();
    });
    const tries = createInbox<number>('a try');
    const done = gate();
    await master.createWorker(
      name,
      (_payload, { attempt }) => {
        tries.push(attempt);
        if (attempt < 4) throw new Error('again');
        done.open();
      },
      { arguments: { 'x-queue-type': 'quorum' } },
    );
    await master.createTask(name, {});
    await deadline(done.opened, 10_000, 'the fourth try');
    expect(tries.drain()).toStrictEqual([1, 2, 3, 4]);
  });

  test('the options of a worker reach its queue and its consumer', async () => {
    const { master } = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    const started = createInbox<{ by: string; n: number }>('a task');
    const options = { autoDelete: true, arguments: { 'x-max-priority': 10 } };
    await master.createWorker(name, ({ n }) => started.push({ by: 'low', n }), {
      ...options,
      consumerArguments: { 'x-priority': -1 },
    });
    await master.createWorker(name, ({ n }) => started.push({ by: 'high', n }), {
      ...options,
      consumerArguments: { 'x-priority': 1 },
    });
    for (const n of range(5)) await master.createTask(name, { n });
    expect(await started.take(5)).toStrictEqual(range(5).map((n) => ({ by: 'high', n })));
  });

  test('concurrency bounds the handlers that run at once, prefetch what is held', async () => {
    const { master, channel } = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    const started = createInbox<number>('a handler that runs');
    const hold = gate();
    const work = ({ n }: Numbered) => {
      started.push(n);
      return hold.opened;
    };
    const queue = await master.createQueue(name, { autoDelete: true });
    for (const n of range(6)) await master.createTask(name, { n });
    const worker = await master.createWorker(name, work, {
      autoDelete: true,
      prefetch: 4,
      concurrency: 2,
    });
    expect(await started.take(2)).toStrictEqual([0, 1]);
    // Four are held and two are left: what `get` finds first is the fifth.
    const fifth = await (await channel.getQueue(queue.name)).get();
    expect(Buffer.from(fifth?.body ?? []).toString()).toBe('{"n":4}');
    expect(started.size).toBe(0);
    fifth?.reject({ requeue: true });
    hold.open();
    await started.take(4);
    await worker.close();
  });

  test('a handler that is no function is INVALID_ARGUMENT, and no queue is declared', async () => {
    const { master, channel } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const wrong: unknown = 'not a function';
    await expect(Reflect.apply(master.createWorker, master, [name, wrong])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(channel.getQueue(name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describeWithBroker('closing a worker', (getUrl) => {
  test('waits for the tasks in hand, puts back those that no handler took', async () => {
    const bench = await openWorkbench<Numbers>(getUrl());
    const { master } = bench;
    const other = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    const started = createInbox<number>('a handler that runs');
    const hold = gate();
    const worker = await master.createWorker(
      name,
      ({ n }) => {
        started.push(n);
        return hold.opened;
      },
      { prefetch: 3, concurrency: 1, durable: false },
    );
    for (const n of range(3)) await master.createTask(name, { n });
    expect(await started.next()).toBe(0);

    let closed = false;
    const closing = worker.close().then(() => {
      closed = true;
    });
    const taken = createInbox<number>('a task that was put back');
    const next = await other.master.createWorker(name, ({ n }) => taken.push(n), {
      durable: false,
    });
    expect(await taken.take(2)).toStrictEqual([1, 2]);
    expect(closed).toBe(false);

    hold.open();
    await deadline(closing, 5_000, 'closing');
    expect(await worker.ended).toBeUndefined();
    await master.createTask(name, { n: 3 });
    expect(await taken.next()).toBe(3);
    expect(started.size).toBe(0);
    await next.close();
    expect(await leftIn(name, bench)).toBe(0);
    expect(taken.size).toBe(0);
    await (await other.channel.getQueue(name)).delete();
  });

  test('after drainTimeout aborts what is in hand, and puts it back', async () => {
    const { master, events } = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    const started = createInbox<TaskContext>('a handler that runs');
    const hold = gate();
    const work = async (_payload: Numbered, context: TaskContext) => {
      started.push(context);
      await hold.opened;
    };
    const queue = await master.createQueue(name, { durable: false });
    const worker = await master.createWorker(name, work, { durable: false, drainTimeout: 20 });
    await master.createTask(name, { n: 1 });
    const { signal, message } = await started.next();

    await deadline(worker.close(), 5_000, 'closing');

    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'CLOSED' });
    expect(message.settled).toBe(true);
    expect((await queue.get())?.redelivered).toBe(true);
    hold.open(); // the handler ends after all: its task is settled already, and nothing breaks
    await queue.delete();
    expect(events.drain().filter(({ type }) => type === 'handler-failed')).toStrictEqual([]);
  });

  test('twice is harmless, and so is await using', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    let ended: Promise<LeveretError | undefined>;
    {
      await using worker = await master.createWorker(name, () => {}, { autoDelete: true });
      ended = worker.ended;
      await Promise.all([worker.close(), worker.close()]);
      await worker.close();
    }
    expect(await ended).toBeUndefined();
    await expect(master.createTask(name, {})).rejects.toMatchObject({ code: 'UNROUTABLE' });
  });

  test('a worker whose queue is deleted ends with CANCELLED', async () => {
    const { master } = await openWorkbench(getUrl());
    const { channel } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const worker = await master.createWorker(name, () => {});
    await (await channel.getQueue(name)).delete();
    const cause = await deadline(worker.ended, 5_000, 'the end of the worker');
    expect(cause).toBeInstanceOf(LeveretError);
    expect(cause).toMatchObject({ code: 'CANCELLED' });
    await worker.close();
  });

  test('closing the connection ends it on purpose', async () => {
    const { master, connection } = await openWorkbench(getUrl());
    const worker = await master.createWorker(uniqueName('task'), () => {}, { autoDelete: true });
    await connection.close();
    expect(await deadline(worker.ended, 5_000, 'the end of the worker')).toBeUndefined();
  });
});

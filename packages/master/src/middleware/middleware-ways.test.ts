import { jsonCodec } from '@leveret/codec-json';
import type { LeveretEvent } from '@leveret/core';
import { createInbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { Master } from '../master.ts';
import { NackMessage, RetryLater } from '../outcomes.ts';
import type { TaskContext } from '../types.ts';
import { openWorkbench } from '../workbench.fixture.ts';
import { compose, type HandleMiddleware, type PublishMiddleware } from './middleware.ts';

interface Numbers {
  readonly [name: string]: { readonly n: number };
}

describe('pieces that are put together', () => {
  test('are what they lead to where there are none', () => {
    const last = (): string => 'last';
    expect(compose([], last)).toBe(last);
  });

  test('hand on the context that they were given where they name no other', async () => {
    const seen: string[] = [];
    const way = compose<string>(
      [
        (context, next) => next(`${context}a`),
        (context, next) => {
          seen.push(context);
          return next();
        },
      ],
      (context) => void seen.push(context),
    );
    await way('>');
    expect(seen).toStrictEqual(['>a', '>a']);
  });

  test('go on once for each that comes, and not once in all', async () => {
    let ends = 0;
    const way = compose<number>([(_context, next) => next()], () => {
      ends += 1;
    });
    await way(1);
    await way(2);
    expect(ends).toBe(2);
  });

  test('see through next what a last that is no async function throws', async () => {
    const seen: unknown[] = [];
    const way = compose<number>(
      [(_context, next) => next().catch((error: unknown) => void seen.push(error))],
      () => {
        throw new TypeError('sync');
      },
    );
    await way(1);
    expect(seen).toStrictEqual([new TypeError('sync')]);
  });
});

describeWithBroker('middleware of publish', (getUrl) => {
  test('that throws without being async rejects the task, and the queue stays empty', async () => {
    const { channel } = await openWorkbench(getUrl());
    const publish: PublishMiddleware = ({ payload }, next) => {
      if (JSON.stringify(payload) === '{"n":0}') throw new TypeError('sync');
      return JSON.stringify(payload) === '{"n":1}' ? Promise.resolve() : next();
    };
    const master = new Master<Numbers>(channel, {
      codec: jsonCodec(),
      middleware: { publish: [publish] },
    });
    const name = uniqueName('task');
    const queue = await channel.declareQueue(name, { exclusive: true });
    await expect(master.createTask(name, { n: 0 })).rejects.toThrow('sync');
    await master.createTask(name, { n: 1 });
    expect(await queue.get({ noAck: true })).toBeUndefined();
    await master.createTask(name, { n: 2 });
    expect((await queue.get({ noAck: true }))?.body).toStrictEqual(Buffer.from('{"n":2}'));
  });

  test.for([
    ['payload', 'INVALID_MESSAGE', { payload: 'text' }],
    ['name', 'INVALID_ARGUMENT', { name: '' }],
    ['options', 'INVALID_ARGUMENT', { options: 5 }],
  ] as const)(
    'that hands on a bad %s has createTask reject with %s',
    async ([field, code, changes]) => {
      const { channel } = await openWorkbench(getUrl());
      const spoil: PublishMiddleware = (context, next) =>
        Reflect.apply(next, undefined, [{ ...context, ...changes }]);
      const master = new Master<Numbers>(channel, {
        codec: jsonCodec(),
        middleware: { publish: [spoil] },
      });
      const name = uniqueName('task');
      await channel.declareQueue(name, { exclusive: true });
      await expect(master.createTask(name, { n: 1 })).rejects.toMatchObject({
        code,
        message: expect.stringContaining(field),
      });
    },
  );
});

describeWithBroker('middleware of handle', (getUrl) => {
  test('sees what the handler throws, and may throw something else in its place', async () => {
    const { master, connection } = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    const tries = createInbox<number>('a try');
    const seen = createInbox<unknown>('an error');
    const events = createInbox<LeveretEvent>('a retry');
    connection.on('event', (event) => {
      if (event.type === 'task-retried') events.push(event);
    });
    const busy: HandleMiddleware = async (_context, next) => {
      try {
        await next();
      } catch (error) {
        seen.push(error);
        throw new RetryLater({ delay: 1, cause: error });
      }
    };
    await master.createWorker(
      name,
      (_payload, { attempt }) => {
        tries.push(attempt);
        if (attempt === 1) throw new TypeError('of the handler');
      },
      { middleware: [busy], autoDelete: true },
    );
    await master.createTask(name, { n: 1 });
    expect(await seen.next()).toStrictEqual(new TypeError('of the handler'));
    expect(await events.next()).toMatchObject({ delay: 1 });
    expect(await tries.take(2)).toStrictEqual([1, 2]);
  });

  test('that puts a task back has it come again', async () => {
    const { master } = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    const handled = createInbox<TaskContext>('a task');
    const once: HandleMiddleware = ({ redelivered }, next) => {
      if (!redelivered) throw new NackMessage({ requeue: true });
      return next();
    };
    const worker = await master.createWorker(name, (_payload, context) => handled.push(context), {
      middleware: [once],
      autoDelete: true,
    });
    await master.createTask(name, { n: 1 });
    expect((await handled.next()).redelivered).toBe(true);
    expect(worker.counters).toMatchObject({ requeued: 1 });
  });

  test('goes on with a context that keeps all that was not changed', async () => {
    const { master } = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    const handled = createInbox<readonly [TaskContext, TaskContext]>('a task');
    const contexts: TaskContext[] = [];
    const change: HandleMiddleware = (context, next) => {
      contexts.push(context);
      return next(context.with({ payload: { n: 2 } }));
    };
    await master.createWorker(
      name,
      (_payload, context) => {
        const [before] = contexts;
        if (before) handled.push([before, context]);
      },
      { middleware: [change], autoDelete: true },
    );
    await master.createTask(name, { n: 1 }, { headers: { from: 'here' } });
    const [before, after] = await handled.next();
    expect(before.payload).toStrictEqual({ n: 1 });
    expect(after.payload).toStrictEqual({ n: 2 });
    expect(after.headers).toStrictEqual({ from: 'here' });
    expect(after.signal).toBe(before.signal);
    expect([after.name, after.attempt, after.redelivered, after.message]).toStrictEqual([
      name,
      1,
      false,
      before.message,
    ]);
  });
});

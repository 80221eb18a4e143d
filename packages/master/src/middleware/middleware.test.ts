import { jsonCodec } from '@leveret/codec-json';
import type { LeveretEvent } from '@leveret/core';
import { createInbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { Master } from '../master.ts';
import { RejectMessage } from '../outcomes.ts';
import type { TaskContext, TaskHandler, WorkerOptions } from '../types.ts';
import { leftIn, openWorkbench, type Workbench } from '../workbench.fixture.ts';
import type { HandleMiddleware, Middleware, PublishMiddleware } from './middleware.ts';

interface Numbered {
  readonly n: number;
}
interface Numbers {
  readonly [name: string]: Numbered;
}

interface Pieces extends Workbench<Numbers> {
  readonly name: string;
}

/** A master with middleware, and a worker of it. */
async function withPieces(
  url: string,
  middleware: Middleware,
  handler: TaskHandler<Numbered> = () => {},
  options: WorkerOptions = {},
): Promise<Pieces> {
  const bench = await openWorkbench<Numbers>(url);
  const master = new Master<Numbers>(bench.channel, { codec: jsonCodec(), middleware });
  const name = uniqueName('task');
  await master.createWorker(name, handler, { autoDelete: true, ...options });
  return { ...bench, master, name };
}

describeWithBroker('middleware of publish', (getUrl) => {
  test('sees each task before it is encoded, and may change it; the first is outermost', async () => {
    const contexts = createInbox<TaskContext>('a task');
    const stamp: PublishMiddleware = (context, next) =>
      next({ ...context, options: { ...context.options, headers: { by: 'first' } } });
    const add: PublishMiddleware = (context, next) => {
      const { headers } = context.options;
      const options = { ...context.options, headers: { ...headers, also: 'second' } };
      return next({ ...context, options, payload: { n: 7 } });
    };
    const { master, name } = await withPieces(getUrl(), { publish: [stamp, add] }, (_p, context) =>
      contexts.push(context),
    );
    await master.proxy[name]?.({ n: 1 });
    await master.createTasks(name, [{ n: 2 }]);
    for (const { payload, headers } of await contexts.take(2)) {
      expect(payload).toStrictEqual({ n: 7 });
      expect(headers).toStrictEqual({ by: 'first', also: 'second' });
    }
  });

  test('that does not go on creates nothing; what it throws, and what publishing throws, is told', async () => {
    const seen: unknown[] = [];
    const swallow: PublishMiddleware = async ({ payload }, next) => {
      if (JSON.stringify(payload) === '{"n":0}') return;
      if (JSON.stringify(payload) === '{"n":1}') throw new TypeError('not this one');
      await next().catch((error: unknown) => {
        seen.push(error);
        throw error;
      });
    };
    const { master, name } = await withPieces(getUrl(), { publish: [swallow] });
    await master.createTask(name, { n: 0 });
    await expect(master.createTask(name, { n: 1 })).rejects.toThrow('not this one');
    const nowhere = master.createTask(uniqueName('other'), { n: 2 });
    await expect(nowhere).rejects.toMatchObject({ code: 'UNROUTABLE' });
    expect(seen).toMatchObject([{ code: 'UNROUTABLE' }]);
  });
});

describeWithBroker('middleware of handle', (getUrl) => {
  test('stands around the handler, that of the master outside of that of the worker', async () => {
    const order: string[] = [];
    const done = createInbox<void>('the end');
    const around =
      (name: string): HandleMiddleware =>
      async (_context, next) => {
        order.push(`${name} in`);
        await next();
        order.push(`${name} out`);
        if (name === 'a') done.push();
      };
    const { master, name } = await withPieces(
      getUrl(),
      { handle: [around('a'), around('b')] },
      () => void order.push('handler'),
      { middleware: [around('c')] },
    );
    await master.createTask(name, { n: 1 });
    await done.next();
    expect(order).toStrictEqual(['a in', 'b in', 'c in', 'handler', 'c out', 'b out', 'a out']);
  });

  test('may hand on another payload and signal', async () => {
    const came = createInbox<readonly [Numbered, TaskContext]>('a task');
    const stop = AbortSignal.abort();
    const change: HandleMiddleware = (context, next) =>
      next(context.with({ payload: { n: 42 }, signal: stop }));
    const { master, name } = await withPieces(getUrl(), { handle: [change] }, (payload, context) =>
      came.push([payload, context]),
    );
    await master.createTask(name, { n: 1 });
    const [payload, context] = await came.next();
    expect(payload).toStrictEqual({ n: 42 });
    expect(context).toMatchObject({ payload: { n: 42 }, signal: stop, name });
  });

  test('that does not go on, or swallows an error, takes the task for done', async () => {
    const handled = createInbox<number>('a task');
    const filter: HandleMiddleware = async ({ payload }, next) => {
      if (JSON.stringify(payload) === '{"n":0}') return;
      await next().catch(() => {});
    };
    const pieces = await withPieces(
      getUrl(),
      { handle: [filter] },
      ({ n }) => {
        handled.push(n);
        if (n === 1) throw new Error('swallowed');
      },
      { autoDelete: false, exclusive: true },
    );
    for (const n of [0, 1, 2]) await pieces.master.createTask(pieces.name, { n });
    expect(await handled.take(2)).toStrictEqual([1, 2]);
    expect(pieces.events.drain().filter(({ type }) => type === 'handler-failed')).toEqual([]);
    expect(await leftIn(pieces.name, pieces)).toBe(0);
  });

  test('goes on once; what it does not wait for ends nobody', async () => {
    const asked = createInbox<unknown>('a second time');
    const twice: HandleMiddleware = async (_context, next) => {
      next().then(
        () => {},
        () => {},
      );
      await next().catch(asked.push);
    };
    const careless: HandleMiddleware = (_context, next) => void next();
    let handled = 0;
    const pieces = await withPieces(getUrl(), { handle: [twice, careless] }, () => {
      handled += 1;
      throw new Error('nobody waits for this');
    });
    await pieces.master.createTask(pieces.name, { n: 1 });
    expect(await asked.next()).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect.poll(() => handled).toBe(1);
  });

  test('decides by what it throws, as a handler does', async () => {
    const events = createInbox<LeveretEvent>('a dead letter');
    const refuse: HandleMiddleware = () => {
      throw new RejectMessage();
    };
    const { master, name, connection, channel } = await withPieces(
      getUrl(),
      { handle: [refuse] },
      () => {},
      { deadLetters: true },
    );
    connection.on('event', (event) => {
      if (event.type === 'task-dead-lettered') events.push(event);
    });
    await master.createTask(name, { n: 1 });
    expect(await events.next()).toMatchObject({ reason: 'rejected' });
    await (await channel.getQueue(`${name}.dead`)).delete();
  });

  test('that hands on a payload which is no object has the task given up as unusable', async () => {
    const spoil: HandleMiddleware = (context, next) => next(context.with({ payload: 'text' }));
    const { master, name, events } = await withPieces(getUrl(), { handle: [spoil] });
    await master.createTask(name, { n: 1 });
    expect(await events.next()).toMatchObject({
      type: 'message-rejected',
      error: { code: 'INVALID_MESSAGE' },
    });
  });

  test.for([
    ['middleware', { middleware: 5 }],
    ['middleware.publish', { middleware: { publish: {} } }],
    ['middleware.handle[1]', { middleware: { handle: [() => {}, 'no function'] } }],
  ] as const)('of a bad form is INVALID_ARGUMENT: %s', async ([field, options]) => {
    const { channel, master } = await openWorkbench(getUrl());
    const args = [channel, { codec: jsonCodec(), ...options }];
    const wrong = expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(field),
    });
    expect(() => Reflect.construct(Master, args)).toThrow(wrong);
    const worker = [uniqueName('task'), () => {}, { middleware: [1] }];
    await expect(Reflect.apply(master.createWorker, master, worker)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

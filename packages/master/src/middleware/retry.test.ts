import { LeveretError, type LeveretEvent } from '@leveret/core';
import { createInbox, type Inbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import type { DeadLetter } from '../dead-letters/letter.ts';
import type { Master } from '../master.ts';
import { NackMessage, RejectMessage, RetryLater } from '../outcomes.ts';
import type { TaskContext, WorkerOptions } from '../types.ts';
import { deleteTaskInTheEnd, openWorkbench } from '../workbench.fixture.ts';

const WAIT = 15_000;

class Broken extends Error {}

interface Bench {
  readonly name: string;
  readonly master: Master;
  readonly tries: Inbox<TaskContext>;
  /** Dead letters, as events tell of them. */
  readonly dead: Inbox<LeveretEvent>;
  readonly retried: Inbox<LeveretEvent>;
  readonly rest: Inbox<LeveretEvent>;
}

/** A worker that retries, whose handler shows each try and then does as the test says. */
async function retrying(
  url: string,
  retry: WorkerOptions['retry'],
  handler: (context: TaskContext) => unknown,
  options: WorkerOptions = {},
): Promise<Bench> {
  const { master, connection } = await openWorkbench(url);
  const name = uniqueName('task');
  const tries = createInbox<TaskContext>('a try');
  const dead = createInbox<LeveretEvent>('a dead letter');
  const retried = createInbox<LeveretEvent>('a retry');
  const rest = createInbox<LeveretEvent>('another event');
  connection.on('event', (event) => {
    if (event.type === 'task-dead-lettered') dead.push(event);
    else if (event.type === 'task-retried') retried.push(event);
    else rest.push(event);
  });
  await master.createWorker(
    name,
    (_payload, context) => {
      tries.push(context);
      return handler(context);
    },
    { ...(retry === undefined ? {} : { retry }), ...options },
  );
  deleteTaskInTheEnd(url, name);
  return { name, master, tries, dead, retried, rest };
}

const fail = (): never => {
  throw new Broken('broken');
};

async function onlyLetter({ master, name }: Bench): Promise<DeadLetter> {
  const letters = await master.deadLetters(name).peek(2);
  expect(letters).toHaveLength(1);
  const [letter] = letters;
  if (!letter) throw new Error('there is no dead letter');
  return letter;
}

describeWithBroker('a worker with retry', (getUrl) => {
  for (const queueType of ['classic', 'quorum'] as const) {
    test(`tries a task so often, waits in between, then keeps it (${queueType})`, async () => {
      const bench = await retrying(
        getUrl(),
        { attempts: 3, backoff: { type: 'fixed', delay: 600 }, jitter: 0 },
        fail,
        { queueType },
      );
      const { master, name, tries, dead, retried, rest } = bench;
      const since = Date.now();
      await master.createTask(name, { a: 1 }, { messageId: 'id-1', headers: { b: 2 } });

      expect(await dead.next(WAIT)).toMatchObject({
        queue: name,
        messageId: 'id-1',
        attempts: 3,
        reason: 'attempts',
        error: { code: 'HANDLER_FAILED', cause: { message: 'broken' } },
      });
      expect(Date.now() - since).toBeGreaterThanOrEqual(1_200);
      expect(tries.drain().map(({ attempt }) => attempt)).toStrictEqual([1, 2, 3]);
      expect(retried.drain()).toMatchObject([
        { queue: name, messageId: 'id-1', attempt: 1, delay: 600 },
        { queue: name, messageId: 'id-1', attempt: 2, delay: 600 },
      ]);
      expect(rest.size).toBe(0);
      const letter = await onlyLetter(bench);
      expect(letter).toMatchObject({ attempts: 3, reason: 'attempts', headers: { b: 2 } });
      expect(letter.error).toMatchObject({ type: 'Broken', message: 'broken' });
    });
  }

  test('is done with a task that succeeds at a later try', async () => {
    const bench = await retrying(getUrl(), { attempts: 3, backoff: 'fixed' }, ({ attempt }) => {
      if (attempt < 2) fail();
    });
    const { master, name, tries, dead, retried } = bench;
    await master.proxy[name]?.({ a: 1 });
    await retried.next(WAIT);
    expect((await tries.take(2, WAIT)).map(({ payload }) => payload)).toEqual([{ a: 1 }, { a: 1 }]);
    expect(dead.size).toBe(0);
    expect(await master.deadLetters(name).count()).toBe(0);
  });

  test('takes a number for that of attempts: 1 keeps a task at its first failure', async () => {
    const { master, name, tries, dead } = await retrying(getUrl(), 1, fail);
    await master.createTask(name, {});
    expect(await dead.next(WAIT)).toMatchObject({ attempts: 1 });
    expect(tries.size).toBe(1);
  });

  test('hands failures and error to a backoff that is a function', async () => {
    const asked: unknown[][] = [];
    const backoff = (...args: unknown[]): number => {
      asked.push(args);
      return 0;
    };
    const { master, name, dead, retried } = await retrying(
      getUrl(),
      { attempts: 3, backoff },
      fail,
    );
    await master.createTask(name, {});
    await dead.next(WAIT);
    expect(asked).toStrictEqual([
      [1, new Broken('broken')],
      [2, new Broken('broken')],
    ]);
    expect(retried.drain()).toMatchObject([{ delay: 0 }, { delay: 0 }]);
  });

  test.for([
    ['says no', { retryIf: (): boolean => false }, 'Broken', 'broken'],
    [
      'throws',
      {
        retryIf: (): never => {
          throw new TypeError('oops');
        },
      },
      'TypeError',
      'oops',
    ],
  ] as const)('keeps a task at once where retryIf %s', async ([, options, type, message]) => {
    const bench = await retrying(getUrl(), { attempts: 5, ...options }, fail);
    await bench.master.createTask(bench.name, {});
    expect(await bench.dead.next(WAIT)).toMatchObject({ attempts: 1, reason: 'not-retried' });
    expect((await onlyLetter(bench)).error).toMatchObject({ type, message });
  });

  test('keeps a task at once where the backoff gives no delay', async () => {
    const bench = await retrying(getUrl(), { attempts: 5, backoff: () => Number.NaN }, fail);
    await bench.master.createTask(bench.name, {});
    expect(await bench.dead.next(WAIT)).toMatchObject({
      reason: 'not-retried',
      error: { code: 'INVALID_ARGUMENT' },
    });
  });

  test.for([
    ['RejectMessage', new RejectMessage()],
    ['NackMessage', new NackMessage()],
  ] as const)(
    'keeps a task that its handler refuses by %s, without another try',
    async ([, outcome]) => {
      const bench = await retrying(getUrl(), 5, () => {
        throw outcome;
      });
      await bench.master.createTask(bench.name, {});
      expect(await bench.dead.next(WAIT)).toMatchObject({ reason: 'rejected', attempts: 1 });
      expect(bench.tries.size).toBe(1);
      expect(bench.rest.size).toBe(0);
    },
  );

  test('lets a handler say when the task comes again, and counts the try', async () => {
    const { master, name, tries, dead, retried } = await retrying(getUrl(), 2, () => {
      throw new RetryLater({ delay: 600, cause: new Broken('busy') });
    });
    await master.createTask(name, {});
    expect(await retried.next(WAIT)).toMatchObject({ delay: 600, attempt: 1 });
    expect(await dead.next(WAIT)).toMatchObject({ attempts: 2, reason: 'attempts' });
    expect(tries.size).toBe(2);
  });

  test('does not count a try that RetryLater says does not count', async () => {
    const { master, name, tries, dead } = await retrying(getUrl(), 2, ({ message }) => {
      if (message.headers['leveret-due'] === undefined)
        throw new RetryLater({ delay: 1, counts: false });
      fail();
    });
    await master.createTask(name, {});
    expect(await dead.next(WAIT)).toMatchObject({ attempts: 2 });
    expect(tries.size).toBe(3);
  });

  test('keeps what no handler could be given', async () => {
    const bench = await retrying(getUrl(), 5, () => {});
    const { channel } = await openWorkbench(getUrl());
    const body = Buffer.from('{"not": json');
    await channel.defaultExchange.publish({ body, contentType: 'application/json' }, bench.name);
    expect(await bench.dead.next(WAIT)).toMatchObject({
      reason: 'unusable',
      error: { code: 'CODEC' },
    });
    expect(bench.tries.size).toBe(0);
    const letter = await onlyLetter(bench);
    expect(Buffer.from(letter.message.body)).toStrictEqual(body);
    await expect(letter.payload()).rejects.toMatchObject({ code: 'CODEC' });
  });

  test('tries a task again whose delivery was lost, and gives it up after too many', async () => {
    const bench = await retrying(
      getUrl(),
      { attempts: 5, maxRedeliveries: 2 },
      ({ message }) => message.nack({ requeue: true }), // as a worker does that dies
    );
    await bench.master.createTask(bench.name, {});
    expect(await bench.dead.next(WAIT)).toMatchObject({ reason: 'redelivered', attempts: 3 });
    expect(bench.tries.drain().map(({ attempt }) => attempt)).toStrictEqual([1, 2, 3]);
  });

  test('tries a task that came back although its queue is full, so that it cannot be counted', async () => {
    const { master, channel, connection } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const args = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
    const queue = await channel.declareQueue(name, { exclusive: true, arguments: args });
    const victim = await connection.channel();
    await master.createTask(name, { n: 1 });
    expect(await (await victim.getQueue(name)).get()).toBeDefined();
    await master.createTask(name, { n: 2 });
    await victim.close(); // the first comes back, and fills the queue beyond its length
    const done = createInbox<unknown>('a task');
    const options = { exclusive: true, arguments: args, prefetch: 1, deadLetters: false };
    await master.createWorker(name, (payload) => done.push(payload), { retry: 3, ...options });
    expect(await done.take(2, WAIT)).toStrictEqual([{ n: 1 }, { n: 2 }]);
    await queue.delete();
  });

  test('counts as succeeded only what its handler has done', async () => {
    const { master, channel } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const started = createInbox<() => void>('a handler');
    const worker = await master.createWorker(
      name,
      (_payload, { message }) =>
        new Promise<void>((_resolve, reject) => {
          started.push(() => reject(new Broken(message.messageId)));
        }),
      { retry: 2, exclusive: true, deadLetters: false, drainTimeout: 10 },
    );
    await master.createTask(name, {});
    const fails = await started.next();
    await channel.close(); // the task is somebody else's now
    fails();
    await worker.ended;
    expect(worker.counters).toMatchObject({ delivered: 1, succeeded: 0, requeued: 0 });
  });

  test('without dead letters drops what it gives up, and reports it', async () => {
    const bench = await retrying(getUrl(), 1, fail, { deadLetters: false });
    await bench.master.createTask(bench.name, {});
    expect(await bench.rest.next(WAIT)).toMatchObject({ type: 'handler-failed' });
    expect(await bench.master.deadLetters(bench.name).count()).toBe(0);
  });

  test.for([
    ['retry.attempts', { retry: 0 }],
    ['retry.attempts', { retry: { attempts: 1.5 } }],
    ['retry.jitter', { retry: { attempts: 1, jitter: 2 } }],
    ['retry.backoff', { retry: { attempts: 1, backoff: 'linear' } }],
    ['retry.backoff.delay', { retry: { attempts: 1, backoff: { type: 'fixed', delay: -1 } } }],
    [
      'retry.backoff.factor',
      { retry: { attempts: 1, backoff: { type: 'exponential', factor: 0 } } },
    ],
    ['retry.retryIf', { retry: { attempts: 1, retryIf: true } }],
    ['retry.maxRedeliveries', { retry: { attempts: 1, maxRedeliveries: -1 } }],
    ['requeue', { retry: 1, requeue: true }],
  ] as const)(
    'a bad %s is INVALID_ARGUMENT, and no queue is declared: %j',
    async ([field, options]) => {
      const { master, channel } = await openWorkbench(getUrl());
      const name = uniqueName('task');
      const made = Reflect.apply(master.createWorker, master, [name, () => {}, options]);
      await expect(made).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(field),
      });
      await expect(channel.getQueue(name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    },
  );
});

describeWithBroker('RetryLater of a worker without retry', (getUrl) => {
  test('has the task come again after the delay, as often as it is thrown', async () => {
    const bench = await retrying(getUrl(), undefined, ({ attempt }) => {
      if (attempt < 3) throw new RetryLater({ delay: 600 });
    });
    await bench.master.createQueue(`${bench.name}.dead`);
    await bench.master.createTask(bench.name, { a: 1 });
    const tries = await bench.tries.take(3, WAIT);
    expect(tries.map(({ attempt, payload }) => [attempt, payload])).toStrictEqual([
      [1, { a: 1 }],
      [2, { a: 1 }],
      [3, { a: 1 }],
    ]);
    expect(bench.retried.size).toBe(2);
  });

  test.for([-1, Number.NaN, 1e15])('with a delay of %j is INVALID_MESSAGE', (delay) => {
    expect(() => new RetryLater({ delay })).toThrow(LeveretError);
  });
});

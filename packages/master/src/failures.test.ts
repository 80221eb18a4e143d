import { jsonCodec } from '@leveret/codec-json';
import type { IncomingMessage, RequeueOptions } from '@leveret/core';
import { createInbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Master } from './master.ts';
import { NackMessage, RejectMessage } from './outcomes.ts';
import type { TaskContext } from './types.ts';
import { deadLetters, openWorkbench } from './workbench.fixture.ts';

/** How a message was settled. */
type Settled = readonly ['nack' | 'reject', RequeueOptions | undefined] | readonly ['ack'];

/** Notes how a message is settled, and settles it. */
function noteSettling(message: IncomingMessage, note: (settled: Settled) => void): void {
  const { ack, nack, reject } = message;
  vi.spyOn(message, 'ack').mockImplementation(() => {
    note(['ack']);
    ack.call(message);
  });
  vi.spyOn(message, 'nack').mockImplementation((options) => {
    note(['nack', options]);
    nack.call(message, options);
  });
  vi.spyOn(message, 'reject').mockImplementation((options) => {
    note(['reject', options]);
    reject.call(message, options);
  });
}

/** The classes of this package, loaded a second time. */
async function anotherCopy(): Promise<typeof import('./outcomes.ts')> {
  vi.resetModules();
  onTestFinished(() => void vi.resetModules());
  return import('./outcomes.ts');
}

describeWithBroker('a handler that fails', (getUrl) => {
  /** A worker whose handler does `first` at the first try of a task and succeeds at later ones. */
  async function failingOnce(
    first: (context: TaskContext) => unknown,
    failure: { requeue?: boolean; rejectOnRedelivered?: boolean } = {},
  ) {
    const bench = await openWorkbench(getUrl());
    const { master, channel } = bench;
    const dead = await deadLetters(channel);
    const name = uniqueName('task');
    const tries = createInbox<boolean>('a try');
    const settled = createInbox<Settled>('a settlement');
    await master.createWorker(
      name,
      (_payload, context) => {
        noteSettling(context.message, settled.push);
        tries.push(context.redelivered);
        return context.redelivered ? undefined : first(context);
      },
      { ...failure, autoDelete: true, arguments: dead.arguments },
    );
    await master.createTask(name, { a: 1 });
    return { ...bench, name, tries, settled, dead: dead.queue };
  }

  test.for([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws no error',
      () => {
        throw 'broken';
      },
    ],
  ] as const)('that %s puts its task back, for another try, and is reported', async ([, fail]) => {
    const { tries, settled, events, name } = await failingOnce(fail);
    expect(await tries.take(2)).toStrictEqual([false, true]);
    expect(await settled.take(2)).toStrictEqual([['reject', { requeue: true }], ['ack']]);
    expect(await events.next()).toMatchObject({
      type: 'handler-failed',
      queue: name,
      error: { code: 'HANDLER_FAILED' },
    });
    expect(events.size).toBe(0);
  });

  test('the report carries what was thrown as its cause', async () => {
    const broken = new Error('broken');
    const { events } = await failingOnce(() => Promise.reject(broken));
    expect(await events.next()).toMatchObject({ error: { cause: broken } });
  });

  test('with requeue: false drops or dead-letters the task', async () => {
    const { settled, tries, dead } = await failingOnce(() => Promise.reject(new Error('broken')), {
      requeue: false,
    });
    expect(await settled.next()).toStrictEqual(['reject', { requeue: false }]);
    const messages = dead[Symbol.asyncIterator]();
    onTestFinished(async () => void (await messages.return(undefined)));
    expect((await messages.next()).value).toMatchObject({ routingKey: dead.name });
    expect(await tries.take(1)).toStrictEqual([false]);
    expect(tries.size).toBe(0);
  });

  test('with rejectOnRedelivered gets one more try, then drops or dead-letters the task', async () => {
    const { channel, master } = await openWorkbench(getUrl());
    const dead = await deadLetters(channel);
    const name = uniqueName('task');
    const tries = createInbox<boolean>('a try');
    await master.createWorker(
      name,
      (_payload, { redelivered }) => {
        tries.push(redelivered);
        throw new Error('broken');
      },
      { rejectOnRedelivered: true, autoDelete: true, arguments: dead.arguments },
    );
    const arrived = createInbox<IncomingMessage>('the dead letter');
    await dead.queue.consume(arrived.push, { noAck: true });
    await master.createTask(name, { a: 1 });
    await arrived.next();
    expect(tries.drain()).toStrictEqual([false, true]);
  });

  test('does as its master says where the worker says nothing', async () => {
    const { channel, master } = await openWorkbench(getUrl());
    const strict = new Master(channel, { codec: jsonCodec(), requeue: false });
    const name = uniqueName('task');
    const settled = createInbox<Settled>('a settlement');
    const fail = (_payload: unknown, { message }: TaskContext) => {
      noteSettling(message, settled.push);
      throw new Error('broken');
    };
    const worker = await strict.createWorker(name, fail, { durable: false });
    await master.createTask(name, {});
    expect(await settled.next()).toStrictEqual(['reject', { requeue: false }]);
    await worker.close();
    const override = { requeue: true, rejectOnRedelivered: true, autoDelete: true };
    const other = uniqueName('task');
    await strict.createWorker(other, fail, override);
    await master.createTask(other, {});
    expect(await settled.take(2)).toStrictEqual([
      ['reject', { requeue: true }],
      ['reject', { requeue: false }],
    ]);
    await (await channel.getQueue(name)).delete();
  });

  const outcomes = [
    ['RejectMessage', { requeue: true }, 'reject'],
    ['RejectMessage', { requeue: false }, 'reject'],
    ['RejectMessage', undefined, 'reject'],
    ['NackMessage', { requeue: true }, 'nack'],
    ['NackMessage', { requeue: false }, 'nack'],
    ['NackMessage', undefined, 'nack'],
  ] as const;
  for (const [copy, load] of [
    ['', async () => ({ RejectMessage, NackMessage })],
    [' of another copy of this package', anotherCopy],
  ] as const) {
    test.for(outcomes)(
      `%s%j${copy} settles by basic.%s and is no failure`,
      async ([kind, options, how]) => {
        const classes = await load();
        expect(classes.RejectMessage === RejectMessage).toBe(copy === '');
        const { settled, tries, events } = await failingOnce(() => {
          throw new classes[kind](options);
        });
        const requeue = options?.requeue ?? false;
        expect(await settled.next()).toStrictEqual([how, { requeue }]);
        expect(await tries.take(requeue ? 2 : 1)).toStrictEqual(requeue ? [false, true] : [false]);
        if (requeue) await settled.next();
        expect(settled.size + tries.size + events.size).toBe(0);
      },
    );
  }

  test('RejectMessage decides also in a worker that rejects on redelivery', async () => {
    const { settled } = await failingOnce(
      () => {
        throw new RejectMessage({ requeue: true });
      },
      { requeue: false, rejectOnRedelivered: true },
    );
    expect(await settled.take(2)).toStrictEqual([['reject', { requeue: true }], ['ack']]);
  });

  test.for([
    ['ack', (message: IncomingMessage) => message.ack(), ['ack']],
    [
      'nack',
      (message: IncomingMessage) => message.nack({ requeue: false }),
      ['nack', { requeue: false }],
    ],
    [
      'reject',
      (message: IncomingMessage) => message.reject({ requeue: false }),
      ['reject', { requeue: false }],
    ],
  ] as const)('a handler may settle its task itself by %s', async ([, settle, how]) => {
    const { settled, events, master, name } = await failingOnce(({ message }) => settle(message));
    expect(await settled.next()).toStrictEqual(how);
    await master.createTask(name, {});
    expect(await settled.next()).toStrictEqual(how);
    expect(settled.size + events.size).toBe(0);
  });

  test('a handler that settled its task and then throws is reported, and settles nothing twice', async () => {
    const { settled, events } = await failingOnce(({ message }) => {
      message.ack();
      throw new Error('afterwards');
    });
    expect(await settled.next()).toStrictEqual(['ack']);
    expect(await events.next()).toMatchObject({
      type: 'handler-failed',
      error: { code: 'HANDLER_FAILED' },
    });
    expect(settled.size + events.size).toBe(0);
  });

  test('a handler that settled its task and then throws RejectMessage changes nothing', async () => {
    const { settled, events, master, name } = await failingOnce(({ message }) => {
      message.ack();
      throw new RejectMessage({ requeue: true });
    });
    expect(await settled.next()).toStrictEqual(['ack']);
    await master.createTask(name, {});
    expect(await settled.next()).toStrictEqual(['ack']);
    expect(settled.size + events.size).toBe(0);
  });
});

import { jsonCodec } from '@leveret/codec-json';
import { type HeaderTable, LeveretError } from '@leveret/core';
import { createInbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test, vi } from 'vitest';
import { Master } from '../master.ts';
import type { HandleMiddleware } from '../middleware/middleware.ts';
import { RejectMessage } from '../outcomes.ts';
import type { WorkerOptions } from '../types.ts';
import {
  deleteTaskInTheEnd,
  openWorkbench,
  showBuried,
  type Workbench,
} from '../workbench.fixture.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { DeadLetter } from './letter.ts';

interface Numbered {
  readonly n: number;
}
interface Numbers {
  readonly [name: string]: Numbered;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** A task that has so many dead letters, and nobody who works it off any more. */
async function withLetters(
  url: string,
  count: number,
  options: WorkerOptions = {},
): Promise<Workbench<Numbers> & { readonly name: string }> {
  const bench = await openWorkbench<Numbers>(url);
  const { master, connection } = bench;
  const name = uniqueName('task');
  deleteTaskInTheEnd(url, name);
  const buried = showBuried(connection);
  const worker = await master.createWorker(
    name,
    ({ n }) => {
      throw n % 2 === 0 ? new TypeError(`even ${n}`) : new RangeError(`odd ${n}`);
    },
    { retry: 1, concurrency: 1, ...options },
  );
  for (const n of range(count))
    await master.createTask(name, { n }, { messageId: `id-${n}`, headers: { n } });
  await buried.take(count, 15_000);
  await worker.close();
  return { ...bench, name };
}

async function listed(dead: DeadLetters): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of dead.list()) letters.push(letter);
  return letters;
}

const ids = (letters: readonly DeadLetter[]): (string | undefined)[] =>
  letters.map(({ messageId }) => messageId);

describeWithBroker('a dead letter', (getUrl) => {
  test('is the task as it was created, and says what went wrong, when, how often and where', async () => {
    const { master } = await openWorkbench<Numbers>(getUrl());
    const name = uniqueName('task');
    deleteTaskInTheEnd(getUrl(), name);
    const { connection } = await openWorkbench(getUrl());
    const watched = new Master<Numbers>(await connection.channel(), { codec: jsonCodec() });
    const buried = showBuried(connection);
    const since = Date.now();
    await watched.createWorker(
      name,
      () => {
        throw new TypeError('broken');
      },
      { retry: { attempts: 2, backoff: { type: 'fixed', delay: 1 } }, workerId: 'worker-7' },
    );
    const headers: HeaderTable = { text: 'ä', list: [1, 'b'], table: { deep: true } };
    const options = { headers, priority: 4, type: 'kind', appId: 'app', messageId: 'id-1' };
    const timestamp = new Date('2026-01-02T03:04:05Z');
    await master.createTask(name, { n: 1 }, { ...options, timestamp, expiration: 60_000 });
    await buried.next(15_000);

    const [letter] = await master.deadLetters(name).peek();

    expect(await letter?.payload()).toStrictEqual({ n: 1 });
    expect(letter?.properties).toStrictEqual({
      contentType: 'application/json',
      contentEncoding: undefined,
      correlationId: undefined,
      replyTo: undefined,
      userId: undefined,
      deliveryMode: 2,
      ...options,
      timestamp,
      expiration: 60_000,
    });
    expect(letter).toMatchObject({
      task: name,
      reason: 'attempts',
      attempts: 2,
      worker: 'worker-7',
    });
    expect(letter?.message.expiration).toBeUndefined();
    expect(letter?.error).toMatchObject({ type: 'TypeError', message: 'broken' });
    expect(letter?.error?.stack).toContain('dead-letters.test.ts');
    const [first = Number.NaN, last = Number.NaN] = [
      letter?.firstFailedAt?.getTime(),
      letter?.lastFailedAt?.getTime(),
    ];
    expect(first).toBeGreaterThanOrEqual(since);
    expect(last).toBeGreaterThanOrEqual(first + 1);
    expect(last).toBeLessThanOrEqual(Date.now());
  });

  test.for([
    ['nothing', undefined, 'undefined', 'undefined'],
    ['a text', 'oops', 'string', '"oops"'],
    ['an error without a name', Object.assign(new Error('x'), { name: '' }), 'Error', 'x'],
    ['an error of ours', new LeveretError('NOT_FOUND', 'gone'), 'NOT_FOUND', 'NOT_FOUND: gone'],
  ] as const)('tells of %s that was thrown', async ([, thrown, type, message]) => {
    const { master, connection } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    deleteTaskInTheEnd(getUrl(), name);
    const buried = showBuried(connection);
    await master.createWorker(name, () => Promise.reject(thrown), { retry: 1 });
    await master.createTask(name, {});
    await buried.next(15_000);
    const [letter] = await master.deadLetters(name).peek();
    expect(letter?.error?.type).toBe(type);
    expect(letter?.error?.message).toContain(message);
  });

  test.for([
    ['an endless message', (): Error => new Error('ä'.repeat(100_000)), {}],
    [
      'headers that leave no room',
      (): Error => new Error('x'.repeat(500)),
      { big: 'x'.repeat(127_500) },
    ],
  ] as const)('keeps the task in spite of %s', async ([, makeError, headers]) => {
    const { master, connection } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    deleteTaskInTheEnd(getUrl(), name);
    const buried = showBuried(connection);
    const work = (): never => {
      throw makeError();
    };
    await master.createWorker(name, work, { retry: 1 });
    await master.createTask(name, { a: 1 }, { headers });
    await buried.next(15_000);
    const [letter] = await master.deadLetters(name).peek();
    expect(await letter?.payload()).toStrictEqual({ a: 1 });
    expect(letter).toMatchObject({ reason: 'attempts', headers, error: { type: 'Error' } });
    expect(Buffer.byteLength(letter?.error?.message ?? '')).toBeLessThanOrEqual(1_000);
  });

  test('is kept of what RejectMessage refuses also in a worker without retry, if it wants them', async () => {
    const { master, connection } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    deleteTaskInTheEnd(getUrl(), name);
    const buried = showBuried(connection);
    const refuse = (): never => {
      throw new RejectMessage();
    };
    await master.createWorker(name, refuse, { deadLetters: true, requeue: false });
    await master.createTask(name, {});
    expect(await buried.next(15_000)).toMatchObject({ reason: 'rejected', attempts: 1 });
    expect(await master.deadLetters(name).count()).toBe(1);
  });
});

describeWithBroker('a task that is given up', (getUrl) => {
  test('is kept also where its properties cannot be published again', async () => {
    const { channel, master, connection } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    deleteTaskInTheEnd(getUrl(), name);
    const buried = showBuried(connection);
    // As a message looks whose identity was no UTF-8: each byte has become three.
    const spoil: HandleMiddleware = (context, next) => {
      const type = '\uFFFD'.repeat(200);
      vi.spyOn(context.message, 'properties', 'get').mockReturnValue({ type });
      vi.spyOn(context.message, 'type', 'get').mockReturnValue(type);
      return next();
    };
    const fail = (): never => {
      throw new Error('broken');
    };
    await master.createWorker(name, fail, { retry: 3, middleware: [spoil] });
    await channel.defaultExchange.publish(
      { body: Buffer.from('{"a":1}'), contentType: 'application/json', messageId: 'id-1' },
      name,
    );
    expect(await buried.next(15_000)).toMatchObject({ reason: 'not-retried', messageId: 'id-1' });
    const [letter] = await master.deadLetters(name).peek();
    expect(await letter?.payload()).toStrictEqual({ a: 1 });
    expect(letter).toMatchObject({ messageId: 'id-1', message: { type: undefined } });
  });

  test('is kept also where a peer wrote what no copy of it can carry on', async () => {
    const { channel, master, connection } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    deleteTaskInTheEnd(getUrl(), name);
    const buried = showBuried(connection);
    await master.createWorker(name, () => {}, { retry: 3 });
    const headers = {
      'leveret-attempts': Number.MAX_SAFE_INTEGER,
      'leveret-redeliveries': Number.MAX_SAFE_INTEGER,
      'leveret-first-failure': 'x'.repeat(100_000),
    };
    await channel.defaultExchange.publish({ body: Buffer.from('no'), headers }, name);
    expect(await buried.next(15_000)).toMatchObject({ reason: 'unusable' });
    const [letter] = await master.deadLetters(name).peek();
    expect(letter?.attempts).toBe(2 ** 31 - 1);
    expect(letter?.firstFailedAt).toBeInstanceOf(Date);
  });

  test.for<[string, object]>([
    ['an object', { message: { a: 1 }, stack: [] }],
    ['a symbol', { message: Symbol('s'), stack: null }],
    ['what has no text', { message: Object.create(null), stack: 7 }],
  ])('is kept also where what the error says is %s', async ([, fields]) => {
    const { master, connection } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    deleteTaskInTheEnd(getUrl(), name);
    const buried = showBuried(connection);
    const fail = (): never => {
      throw Object.assign(new RangeError('x'), fields);
    };
    await master.createWorker(name, fail, { deadLetters: true, requeue: false });
    await master.createTask(name, {});
    expect(await buried.next(15_000)).toMatchObject({ reason: 'failed' });
    const [letter] = await master.deadLetters(name).peek();
    expect(letter?.error?.type).toBe('RangeError');
  });

  test('is kept also where somebody has deleted the queue for it, without another try', async () => {
    const { channel, master, connection } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    deleteTaskInTheEnd(getUrl(), name);
    const buried = showBuried(connection);
    let tries = 0;
    const fail = (): never => {
      tries += 1;
      throw new Error('broken');
    };
    await master.createWorker(name, fail, { retry: 1 });
    await (await channel.getQueue(`${name}.dead`)).delete();
    await master.createTask(name, {});
    await buried.next(15_000);
    expect(tries).toBe(1);
    expect(await master.deadLetters(name).count()).toBe(1);
  });

  test('goes to its dead letters alone, although its headers name further queues', async () => {
    const { channel, master, connection } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    deleteTaskInTheEnd(getUrl(), name);
    const other = await channel.declareQueue(uniqueName('copy'), { exclusive: true });
    const buried = showBuried(connection);
    const fail = (): never => {
      throw new Error('broken');
    };
    await master.createWorker(name, fail, { retry: { attempts: 3, backoff: () => 0 } });
    await master.createTask(name, {}, { headers: { CC: [other.name] } });
    await buried.next(15_000);
    expect((await channel.getQueue(other.name)).messageCount).toBe(1);
  });
});

describeWithBroker('the dead letters of a task', (getUrl) => {
  test('are listed from the oldest on, and go back to where they were', async () => {
    const { master, name } = await withLetters(getUrl(), 4);
    const dead = master.deadLetters(name);
    expect(ids(await dead.peek(2))).toStrictEqual(['id-0', 'id-1']);
    expect(ids(await listed(dead))).toStrictEqual(['id-0', 'id-1', 'id-2', 'id-3']);
    for await (const letter of dead.list()) if (letter.messageId === 'id-1') break;
    expect(ids(await dead.peek(9))).toStrictEqual(['id-0', 'id-1', 'id-2', 'id-3']);
    expect(await dead.count()).toBe(4);
  });

  test('of a quorum queue are all there, however often they were looked at', async () => {
    const { master, name } = await withLetters(getUrl(), 3, { queueType: 'quorum' });
    const dead = master.deadLetters(name);
    for (let time = 0; time < 25; time++) expect(await dead.peek(3)).toHaveLength(3);
    expect(ids(await listed(dead)).sort()).toStrictEqual(['id-0', 'id-1', 'id-2']);
    expect((await dead.requeue('all')).requeued).toBe(3);
  });

  test('are held while a list is read, and come back after it', async () => {
    const { master, name } = await withLetters(getUrl(), 3);
    const dead = master.deadLetters(name);
    for await (const _letter of dead.list()) expect(await dead.peek(3)).toHaveLength(0);
    expect(await dead.count()).toBe(3);
  });

  test('are requeued one, some or all, as new tasks with all attempts before them', async () => {
    const { master, name, channel } = await withLetters(getUrl(), 6);
    const dead = master.deadLetters(name);
    expect(await dead.requeue({ messageId: 'id-3' })).toStrictEqual({ requeued: 1, failed: [] });
    const odd = await dead.requeue({ where: ({ error }) => error?.type === 'RangeError' });
    expect(odd.requeued).toBe(2);
    expect(ids(await dead.peek(6))).toStrictEqual(['id-0', 'id-2', 'id-4']);
    expect((await dead.requeue('all')).requeued).toBe(3);
    expect(await dead.count()).toBe(0);

    const messages = createInbox<HeaderTable>('a task');
    await (await channel.getQueue(name)).consume(
      ({ headers, messageId }) => messages.push({ messageId, ...headers }),
      { noAck: true },
    );
    expect(await messages.take(6)).toStrictEqual(
      [3, 1, 5, 0, 2, 4].map((n) => ({ messageId: `id-${n}`, n })),
    );
  });

  test('that fail again while all are requeued are left for the next time', async () => {
    const { master, name, connection } = await withLetters(getUrl(), 5);
    const buried = showBuried(connection);
    const fail = (): never => {
      throw new Error('again');
    };
    await master.createWorker(name, fail, { retry: 1 });
    expect((await master.deadLetters(name).requeue('all')).requeued).toBe(5);
    await buried.take(5, 15_000);
    expect(await master.deadLetters(name).count()).toBe(5);
  });

  test('that cannot be requeued stay, and it is said why', async () => {
    const { master, name, channel } = await withLetters(getUrl(), 2);
    await (await channel.getQueue(name)).delete();
    const { requeued, failed } = await master.deadLetters(name).requeue('all');
    expect(requeued).toBe(0);
    expect(failed.map(({ letter, error }) => [letter.messageId, error.code])).toStrictEqual([
      ['id-0', 'UNROUTABLE'],
      ['id-1', 'UNROUTABLE'],
    ]);
    expect(await master.deadLetters(name).count()).toBe(2);
  });

  test('that cannot be requeued are each told once, however many there are', async () => {
    const { master, name, channel } = await withLetters(getUrl(), 0);
    await (await channel.getQueue(name)).delete();
    const body = Buffer.from('{"n":1}');
    await Promise.all(
      range(120).map((n) =>
        channel.defaultExchange.publish({ body, messageId: `${n}` }, `${name}.dead`),
      ),
    );
    const { failed } = await master.deadLetters(name).requeue('all');
    expect(new Set(failed.map(({ letter }) => letter.messageId)).size).toBe(120);
    expect(await master.deadLetters(name).count()).toBe(120);
  });

  test('are purged one, some or all', async () => {
    const { master, name } = await withLetters(getUrl(), 4);
    const dead = master.deadLetters(name);
    expect(await dead.purge({ messageId: 'id-0' })).toBe(1);
    expect(await dead.purge({ messageId: 'id-0' })).toBe(0);
    expect(await dead.purge({ where: async ({ error }) => error?.type === 'RangeError' })).toBe(2);
    expect(ids(await dead.peek(4))).toStrictEqual(['id-2']);
    expect(await dead.purge('all')).toBe(1);
    expect(await dead.count()).toBe(0);
  });

  test('stay where a filter throws', async () => {
    const { master, name } = await withLetters(getUrl(), 3);
    const dead = master.deadLetters(name);
    const where = ({ messageId }: DeadLetter): boolean => {
      if (messageId === 'id-2') throw new TypeError('oops');
      return false;
    };
    await expect(dead.purge({ where })).rejects.toThrow('oops');
    expect(await dead.count()).toBe(3);
  });

  test('of a task that never had any are none', async () => {
    const { master } = await openWorkbench(getUrl());
    const dead = master.deadLetters(uniqueName('task'));
    expect(await dead.count()).toBe(0);
    expect(await dead.peek()).toStrictEqual([]);
    expect(await dead.requeue('all')).toStrictEqual({ requeued: 0, failed: [] });
    expect(await dead.purge('all')).toBe(0);
  });

  test.for([undefined, {}, { messageId: '' }, { messageId: undefined }, { where: 1 }, 'some'])(
    'are not touched by a selection of %j, which is INVALID_ARGUMENT',
    async (selection) => {
      const { master } = await openWorkbench(getUrl());
      const dead = master.deadLetters(uniqueName('task'));
      for (const method of [dead.requeue, dead.purge])
        await expect(Reflect.apply(method, dead, [selection])).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
    },
  );
});

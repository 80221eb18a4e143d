import { createInbox, type Inbox } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import type { Master } from '../master.ts';
import type { TaskContext } from '../types.ts';
import { openWorkbench } from '../workbench.fixture.ts';

/** How long to wait for a task that is due in a few seconds. */
const WAIT = 15_000;
/** What a delay is rounded up to, and what the broker and this process may take besides. */
const SLACK = 600 + 1_500;

interface Came {
  readonly payload: unknown;
  readonly context: TaskContext;
  readonly at: number;
}

/** A worker that shows its tasks and when they came. Its queue goes with it. */
async function showTasks(master: Master, name: string): Promise<Inbox<Came>> {
  const tasks = createInbox<Came>('a task');
  await master.createWorker(
    name,
    (payload, context) => tasks.push({ payload, context, at: Date.now() }),
    { autoDelete: true },
  );
  return tasks;
}

describeWithBroker('delayed tasks', (getUrl) => {
  test('come after their delay, each when it is due, and never before', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const tasks = await showTasks(master, name);
    const since = Date.now();
    const delays = [3_000, 600, 1_900, 1_300];
    await Promise.all(delays.map((delay) => master.createTask(name, { delay }, { delay })));

    const came = await tasks.take(delays.length, WAIT);

    expect(came.map(({ payload }) => payload)).toStrictEqual(
      [600, 1_300, 1_900, 3_000].map((delay) => ({ delay })),
    );
    for (const [index, delay] of [600, 1_300, 1_900, 3_000].entries()) {
      const late = (came[index]?.at ?? 0) - since - delay;
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(SLACK);
    }
  });

  test('come at their date; one that has passed is now', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const tasks = await showTasks(master, name);
    const at = new Date(Date.now() + 1_000);
    await master.createTask(name, { n: 1 }, { at });
    await master.createTask(name, { n: 2 }, { at: new Date(0) });
    const [first, second] = await tasks.take(2, WAIT);
    expect(first?.payload).toStrictEqual({ n: 2 });
    expect(second?.payload).toStrictEqual({ n: 1 });
    expect(second?.at).toBeGreaterThanOrEqual(at.getTime());
  });

  test('come as they were created: headers, properties and name', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task.with.dots.*.#');
    const tasks = await showTasks(master, name);
    const options = { headers: { a: 1 }, messageId: 'id-1', priority: 3, type: 'kind' };
    await master.createTask(name, { n: 1 }, { ...options, delay: 700 });
    const { context } = await tasks.next(WAIT);
    const { headers: _raw, ...message } = context.message.properties;
    expect(message).toMatchObject({
      messageId: 'id-1',
      priority: 3,
      type: 'kind',
      deliveryMode: 2,
    });
    expect(context.message.routingKey).toBe(name);
    expect(context.headers).toMatchObject({ a: 1 });
    expect(Object.keys(context.headers).filter((each) => each.startsWith('leveret'))).toEqual([]);
    expect(context.attempt).toBe(1);
  });

  test('of a task that has no queue yet wait for its worker', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const other = uniqueName('other');
    await master.createTask(name, { n: 1 }, { delay: 600 });
    await master.createTask(other, { n: 2 }, { delay: 600 });
    const probe = uniqueName('probe');
    const probes = await showTasks(master, probe);
    await master.createTask(probe, {}, { delay: 1_200 });
    await probes.next(WAIT); // by now the first two have come due, too

    const late = await openWorkbench(getUrl());
    const tasks = await showTasks(late.master, name);
    expect((await tasks.next(WAIT)).payload).toStrictEqual({ n: 1 });
    const others = await showTasks(late.master, other);
    expect((await others.next(WAIT)).payload).toStrictEqual({ n: 2 });
    expect(tasks.size).toBe(0);
  });

  test('reach a queue that was made by somebody who knows nothing of delays', async () => {
    const { master, channel } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    const queue = await channel.declareQueue(name, { exclusive: true });
    const came = createInbox<string>('a message');
    await queue.consume(({ body }) => came.push(Buffer.from(body).toString()), { noAck: true });
    await master.createTask(name, { n: 1 }, { delay: 600 });
    expect(await came.next(WAIT)).toBe('{"n":1}');
  });

  test('reach each queue of their name alone', async () => {
    const { master } = await openWorkbench(getUrl());
    const name = uniqueName('send');
    const whole = await showTasks(master, `mail.${name}`);
    const end = await showTasks(master, name);
    await master.createTask(`mail.${name}`, { n: 1 }, { delay: 600 });
    await master.createTask(name, { n: 2 }, { delay: 1_200 });
    expect((await end.next(WAIT)).payload).toStrictEqual({ n: 2 });
    expect((await whole.next(WAIT)).payload).toStrictEqual({ n: 1 });
    expect(end.size + whole.size).toBe(0);
  });

  test('may wait for a year', async () => {
    const { master, channel } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    await expect(master.createTask(name, {}, { delay: 366 * 86_400_000 })).resolves.toBeUndefined();
    const longest = await channel.getQueue('leveret.delay.17301504s');
    onTestFinished(async () => void (await longest.purge()));
    expect(longest.messageCount).toBeGreaterThan(0);
  });

  test('with an expiration are dropped when nobody took them in time after they came', async () => {
    const { master, channel } = await openWorkbench(getUrl());
    const name = uniqueName('task');
    await master.createQueue(name);
    onTestFinished(async () => {
      await (await (await openWorkbench(getUrl())).channel.getQueue(name)).delete();
    });
    await master.createTask(name, { n: 1 }, { delay: 600, expiration: 1 });
    await master.createTask(name, { n: 2 }, { delay: 600, expiration: 60_000 });
    await master.createTask(name, { n: 3 }, { delay: 1_200 });
    const worked: unknown[] = [];
    const done = createInbox<void>('the last task');
    const queue = await channel.getQueue(name);
    for await (const message of queue.iterate({ timeout: WAIT })) {
      message.nack({ requeue: true }); // it has waited for a moment, at least
      if (Buffer.from(message.body).includes('3')) break;
    }
    await master.createWorker(name, (payload) => {
      worked.push(payload);
      if (JSON.stringify(payload) === '{"n":3}') done.push();
    });
    await done.next(WAIT);
    expect(worked).toStrictEqual([{ n: 2 }, { n: 3 }]);
  });

  test.for([
    ['delay', { delay: -1 }],
    ['delay', { delay: 401 * 86_400_000 }],
    ['delay', { delay: 1, at: new Date() }],
    ['at', { at: new Date(Number.NaN) }],
    ['at - now', { at: new Date(Date.now() + 500 * 86_400_000) }],
    ['expiration', { delay: 1, expiration: -1 }],
  ] as const)('a bad %s is INVALID_MESSAGE', async ([field, options]) => {
    const { master } = await openWorkbench(getUrl());
    await expect(master.createTask(uniqueName('task'), {}, options)).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      field,
    });
  });
});

import type { QueueType } from '@leveret/core';
import { createInbox, deadline } from '@leveret/testkit';
import {
  describeWithBroker,
  type SourceProcess,
  startSource,
  uniqueName,
} from '@leveret/testkit/vitest';
import { expect, test, vi } from 'vitest';
import { ATTEMPTS, READY } from './failing-process.fixture.ts';
import {
  deleteTaskInTheEnd,
  openWorkbench,
  showBuried,
  type Workbench,
} from './workbench.fixture.ts';

const WAIT = 60_000;

interface Numbers {
  readonly [name: string]: { readonly n: number };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Starts a process; resolves once it is at work. */
async function start(
  args: readonly [url: string, name: string, queueType: QueueType, what: string, ...most: string[]],
  onLine: (line: string) => void,
): Promise<SourceProcess> {
  const ready = createInbox<void>('a process at work');
  const fixture = new URL('./failing-process.fixture.ts', import.meta.url);
  const started = startSource(fixture, args, (line) => {
    if (line === READY) ready.push();
    else onLine(line);
  });
  await ready.next(WAIT);
  return started;
}

/** A task with its queue and the queue of its dead letters, which go in the end. */
async function openTask(
  url: string,
  queueType: QueueType,
): Promise<Workbench<Numbers> & { readonly name: string }> {
  const bench = await openWorkbench<Numbers>(url);
  const name = uniqueName('task');
  await bench.master.createQueue(name, { queueType });
  deleteTaskInTheEnd(url, name);
  return { ...bench, name };
}

describeWithBroker('a task that fails for ever', (getUrl) => {
  for (const queueType of ['classic', 'quorum'] as const)
    test(`ends with the dead letters, with the true count of attempts or one more per kill, though its worker is killed again and again (${queueType})`, {
      timeout: 2 * WAIT,
    }, async () => {
      const TASKS = 12;
      const { master, name, channel } = await openTask(getUrl(), queueType);
      const tries = new Map<number, number>();
      let kills = 0;
      let count = 0;
      let killAt = Number.POSITIVE_INFINITY;
      const due = createInbox<void>('the time to kill');
      const onLine = (line: string): void => {
        tries.set(Number(line), (tries.get(Number(line)) ?? 0) + 1);
        count += 1;
        if (count === killAt) due.push();
      };
      for (const n of range(TASKS)) await master.createTask(name, { n }, { messageId: `${n}` });
      for (const after of [4, 11]) {
        killAt = count + after;
        const victim = await start([getUrl(), name, queueType, 'work', `${after}`], onLine);
        await due.next(WAIT);
        await victim.kill();
        kills += 1;
      }
      const survivor = await start([getUrl(), name, queueType, 'work'], onLine);
      const dead = master.deadLetters(name);
      await vi.waitFor(
        async () => {
          const ids = (await dead.peek(10 * TASKS)).map(({ messageId }) => messageId);
          expect(new Set(ids).size).toBe(TASKS);
          expect((await channel.getQueue(name)).messageCount).toBe(0);
        },
        { timeout: WAIT, interval: 200 },
      );
      expect(await survivor.finish()).toBe(0);

      const letters = await dead.peek(10 * TASKS);
      // A kill between the confirm of a copy and the acknowledgement leaves two of a task.
      expect(letters.length).toBeLessThanOrEqual(TASKS + kills * 5);
      for (const { attempts, messageId, reason } of letters) {
        expect(reason).toBe('attempts');
        expect(attempts).toBeGreaterThanOrEqual(ATTEMPTS);
        expect(attempts).toBeLessThanOrEqual(ATTEMPTS + kills);
        expect(tries.get(Number(messageId))).toBeGreaterThanOrEqual(ATTEMPTS);
      }
      expect((await channel.getQueue(name)).messageCount).toBe(0);
    });
});

describeWithBroker(
  'a worker that dies between the confirm of the copy and the acknowledgement',
  (getUrl) => {
    test('leaves both, so that the task is there twice, and never lost', async () => {
      const { master, name } = await openTask(getUrl(), 'classic');
      const victim = await openWorkbench<Numbers>(getUrl());
      const moved = createInbox<void>('a copy');
      victim.connection.on('event', ({ type }) => {
        if (type === 'task-retried') moved.push();
      });
      const retry = { attempts: 2, backoff: () => 0 };
      await victim.master.createWorker(
        name,
        (_payload, { message }) => {
          vi.spyOn(message, 'ack').mockReturnValue(); // dies here
          throw new Error('broken');
        },
        { retry, prefetch: 1 },
      );
      await master.createTask(name, { n: 1 }, { messageId: 'id-1' });
      await moved.next();
      await deadline(victim.connection.close(), 10_000, 'closing');

      const { connection, master: other } = await openWorkbench<Numbers>(getUrl());
      const buried = showBuried(connection);
      const fail = (): never => {
        throw new Error('broken');
      };
      await other.createWorker(name, fail, { retry });
      const both = await buried.take(2, 10_000);
      expect(both).toMatchObject([{ messageId: 'id-1' }, { messageId: 'id-1' }]);
    });
  },
);

describeWithBroker('a process that requeues dead letters and is killed', (getUrl) => {
  test('loses none of them, while workers run', { timeout: 2 * WAIT }, async () => {
    const LETTERS = 300;
    const { master, name, channel } = await openTask(getUrl(), 'classic');
    await channel.declareQueue(`${name}.dead`);
    const body = Buffer.from('{"n":1}');
    const message = { body, contentType: 'application/json' };
    await Promise.all(
      range(LETTERS).map((n) =>
        channel.defaultExchange.publish({ ...message, messageId: `${n}` }, `${name}.dead`),
      ),
    );
    const worked = new Set<string | undefined>();
    await master.createWorker(name, (_payload, context) => {
      worked.add(context.message.messageId);
    });
    for (const after of [30, 90]) {
      let seen = 0;
      const due = createInbox<void>('the time to kill');
      const victim = await start([getUrl(), name, 'classic', 'requeue'], () => {
        seen += 1;
        if (seen === after) due.push();
      });
      await due.next(WAIT);
      await victim.kill();
    }
    const dead = master.deadLetters(name);
    await vi.waitFor(
      async () => {
        const left = (await dead.peek(LETTERS)).map(({ messageId }) => messageId);
        expect(new Set([...worked, ...left]).size).toBe(LETTERS);
      },
      { timeout: WAIT, interval: 100 },
    );
    expect(worked.size).toBeGreaterThan(0);
  });
});

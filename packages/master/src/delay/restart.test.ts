import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRabbitServer, type RabbitNode, startRabbitNode } from '@leveret/testkit';
import { uniqueName } from '@leveret/testkit/vitest';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openWorkbench } from '../workbench.fixture.ts';

const TASKS = 500;
/** The longest delay: some of the tasks are due while the broker is away, some later. */
const LONGEST = 8_000;

interface Due {
  readonly n: number;
  readonly due: number;
}
interface Dues {
  readonly [name: string]: Due;
}

describe.skipIf(findRabbitServer() === undefined)('delayed tasks in RabbitMQ', () => {
  let node: RabbitNode;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'leveret-advanced-'));
    const file = join(folder, 'advanced.config');
    // What docs/tasks/delay.md advises: by default RabbitMQ tries some of what came due meanwhile after three minutes only.
    writeFileSync(file, '[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 1000}]}].\n');
    node = await startRabbitNode({ env: { RABBITMQ_ADVANCED_CONFIG_FILE: file } });
  }, 120_000);
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test.for(['stop', 'kill'] as const)(
    'all come, and none before its time, over a %s and start of the broker',
    {
      timeout: 120_000,
    },
    async (how) => {
      const { master } = await openWorkbench<Dues>(node.url);
      const worker = await openWorkbench<Dues>(node.url);
      const name = uniqueName('task');
      const late = new Map<number, number>();
      await worker.master.createWorker(
        name,
        ({ n, due }) => {
          if (!late.has(n)) late.set(n, Date.now() - due);
        },
        { queueType: 'quorum', prefetch: 500 },
      );
      const payloads = Array.from({ length: TASKS }, (_, n) => {
        const delay = 1_000 + ((n * 7919) % (LONGEST - 1_000));
        return { n, delay, due: Date.now() + delay };
      });
      const { created } = await master.createTasks(name, payloads, {
        each: ({ due }) => ({ at: new Date(due) }),
      });
      expect(created).toBe(TASKS);
      await vi.waitFor(() => expect(late.size).toBeGreaterThan(TASKS / 10), { timeout: 20_000 });

      await node[how]();
      await node.start();

      await vi.waitFor(() => expect(late.size).toBe(TASKS), { timeout: 60_000, interval: 100 });
      expect(Math.min(...late.values())).toBeGreaterThanOrEqual(0);
      await worker.channel.getQueue(name).then((queue) => queue.delete());
    },
  );
});

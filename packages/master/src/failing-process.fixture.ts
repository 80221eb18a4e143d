// Not a test of its own: killed.test.ts runs this module in processes that it kills.
import { once } from 'node:events';
import process from 'node:process';
import { jsonCodec } from '@leveret/codec-json';
import { connect, type QueueType } from '@leveret/core';
import { Master } from './master.ts';

/** What a process writes once it takes tasks, or begins to requeue. */
export const READY = 'ready';
/** How often the worker tries a task. */
export const ATTEMPTS = 4;

/** Writes a line, and waits until it is on its way. */
function tell(line: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()));
}

/**
 * `work`: fails at every task, after it has written its number; stops in the middle of those after `most`, so that who is slow
 * to kill it finds something left. `requeue`: requeues all dead letters.
 */
export async function main(
  url: string,
  name: string,
  queueType: QueueType,
  what: string,
  most = 'Infinity',
): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.channel();
  const master = new Master<Record<string, { n: number }>>(channel, { codec: jsonCodec() });
  if (what === 'requeue') {
    await tell(READY);
    await master
      .deadLetters(name)
      .requeue({ where: ({ messageId }) => tell(`${messageId}`).then(() => true) });
    await tell('done');
    return connection.close();
  }
  let left = Number(most);
  await master.createWorker(
    name,
    async ({ n }) => {
      if (left-- <= 0) await new Promise(() => {});
      await tell(`${n}`);
      throw new Error('as always');
    },
    { queueType, prefetch: 5, retry: { attempts: ATTEMPTS, backoff: () => 0 } },
  );
  await tell(READY);
  process.stdin.resume();
  await once(process.stdin, 'end');
  await connection.close();
}

// Not a test of its own: crash.test.ts runs this module in processes that it kills.
import { once } from 'node:events';
import process from 'node:process';
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from './master.ts';

/** What a process writes once it takes tasks. */
export const READY = 'ready';

/**
 * Works tasks off and writes the number of each to standard output, after a line that it is ready. Ends when its standard input does, as a service
 * does when it is told to: what is in hand first.
 */
export async function main(url: string, name: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.channel();
  const master = new Master<{ [name: string]: { n: number } }>(channel, { codec: jsonCodec() });
  const worker = await master.createWorker(
    name,
    async ({ n }) => {
      // Not acknowledged before it is written, so that a kill finds tasks at every stage.
      await new Promise((resolve) => process.stdout.write(`${n}\n`, resolve));
    },
    { prefetch: 20, concurrency: 10 },
  );
  process.stdout.write(`${READY}\n`);
  process.stdin.resume();
  await once(process.stdin, 'end');
  await worker.close();
  await connection.close();
}

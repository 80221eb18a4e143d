import type { Handle, NodePeer } from '../peers/peer.ts';
import { peakMemory, type RunResult, startClock } from '../run/measure.ts';
import { taskOf } from '../work.ts';
import { type Case, LONG } from './case.ts';
import type { Job, LoadOf } from './load.ts';
import { need } from './need.ts';

const consume = { kind: 'consume', size: 0, disorder: false } as const;

export const CONSUME: readonly Case[] = [
  {
    name: 'consume-1',
    title: 'a task delivered and acknowledged, prefetch 1',
    operations: 4_000,
    warmUp: LONG,
    load: { ...consume, prefetch: 1 },
  },
  {
    name: 'consume-50',
    title: 'a task delivered and acknowledged, prefetch 50',
    operations: 25_000,
    load: { ...consume, prefetch: 50 },
  },
  {
    name: 'consume-500',
    title: 'a task delivered and acknowledged, prefetch 500',
    operations: 25_000,
    load: { ...consume, prefetch: 500 },
  },
  {
    name: 'disorder',
    title:
      'a task whose handler takes 0, 1 or 2 ms, so that they finish out of order, prefetch 500',
    operations: 25_000,
    load: { ...consume, prefetch: 500, disorder: true },
  },
];

/** The queue is full beforehand. */
export async function runConsume(
  peer: NodePeer,
  { url, queues, load, operations, warmUp }: Job<LoadOf<'consume'>>,
): Promise<RunResult> {
  const { prefetch, disorder } = load;
  const consumer = need(peer.consumer, 'consumer');
  const total = warmUp + operations;
  const right = (total * (total - 1)) / 2;
  let [count, sum] = [0, 0];
  let read = startClock();
  return await new Promise((resolve, reject) => {
    const finish = (): void => {
      // The last acks leave within the turn.
      setImmediate(() => {
        if (sum !== right) reject(new Error(`tasks add up to ${sum} instead of ${right}`));
        resolve({ operations, values: { ...read(), memory: peakMemory() } });
      });
    };
    const done = (task_id: number): void => {
      sum += task_id;
      count++;
      if (count === warmUp) read = startClock();
      if (count === total) finish();
    };
    const plain: Handle = (body) => done(taskOf(body).task_id);
    const late: Handle = (body) => {
      const { task_id } = taskOf(body);
      const ms = task_id % 3;
      if (ms === 0) return done(task_id);
      return new Promise<void>((over) => {
        setTimeout(() => {
          done(task_id);
          over();
        }, ms);
      });
    };
    const handle = disorder ? late : plain;
    consumer({ url, format: 'json' }, queues, prefetch, handle).catch(reject);
  });
}

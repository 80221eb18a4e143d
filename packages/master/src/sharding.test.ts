// Many quorum queues behind a consistent hash exchange, with one active worker each: the tasks of a key stay in order.
import { jsonCodec } from '@leveret/codec-json';
import type { Channel, Exchange } from '@leveret/core';
import {
  createInbox,
  findRabbitServer,
  type Inbox,
  type RabbitNode,
  startRabbitNode,
  startTcpProxy,
} from '@leveret/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Master } from './master.ts';
import { openWorkbench } from './workbench.fixture.ts';

const SHARDS = 4;
const KEYS = 12;
/** Tasks of each key. */
const EACH = 40;
const BOOTS_MS = 120_000;
/** What every process declares, with the same options. */
const SHARD = { queueType: 'quorum', arguments: { 'x-single-active-consumer': true } } as const;

type Task = { readonly key: string; readonly n: number };
type Handled = Task & { readonly by: string };

const names = (prefix: string) => Array.from({ length: SHARDS }, (_, n) => `${prefix}.${n}`);

/** Declares the exchange and its shards. */
async function declareShards(
  prefix: string,
  { channel }: { readonly channel: Channel },
): Promise<Exchange> {
  const exchange = await channel.declareExchange(prefix, { type: 'x-consistent-hash' });
  for (const name of names(prefix)) {
    const queue = await channel.declareQueue(name, SHARD);
    await queue.bind(exchange, '1'); // its weight
  }
  return exchange;
}

/** What a process does with its tasks. */
interface Work {
  readonly by: string;
  readonly handled: Inbox<Handled>;
  /** Once aborted, tasks are left to whoever comes next: they go back when the connection ends. */
  readonly stop: AbortSignal;
}

/** Works all shards off, one task of each at a time. */
async function workShards(
  prefix: string,
  { channel }: { readonly channel: Channel },
  { by, handled, stop }: Work,
): Promise<void> {
  const master = new Master<Record<string, Task>>(channel, { codec: jsonCodec() });
  for (const name of names(prefix))
    await master.createWorker(
      name,
      async (task) => {
        if (stop.aborted) await new Promise(() => {});
        handled.push({ ...task, by });
        await new Promise(setImmediate);
      },
      { ...SHARD, prefetch: 20, concurrency: 1 },
    );
}

/** Publishes the tasks of all keys, key after key, without waiting for one before the next. */
async function publishAll(exchange: Exchange): Promise<void> {
  const codec = jsonCodec();
  const tasks = Array.from({ length: EACH }, (_, n) =>
    Array.from({ length: KEYS }, (_unused, key) => ({ key: `customer-${key}`, n })),
  ).flat();
  await Promise.all(
    tasks.map(async (task) => {
      const { contentType } = codec;
      await exchange.publish({ body: codec.encode(task), contentType }, task.key);
    }),
  );
}

/** The numbers of each key, in the order in which they were handled for the first time. */
function firsts(handled: readonly Handled[]): ReadonlyMap<string, readonly number[]> {
  const seen = new Map<string, number[]>();
  for (const { key, n } of handled) {
    const numbers = seen.get(key) ?? [];
    if (!numbers.includes(n)) numbers.push(n);
    seen.set(key, numbers);
  }
  return seen;
}

const isDone = (seen: ReadonlyMap<string, readonly number[]>): boolean =>
  seen.size === KEYS && [...seen.values()].every(({ length }) => length === EACH);

describe.skipIf(findRabbitServer() === undefined)('shards with one active worker each', () => {
  let node: RabbitNode;
  beforeAll(async () => {
    node = await startRabbitNode({ plugins: ['rabbitmq_consistent_hash_exchange'] });
  }, BOOTS_MS);
  afterAll(() => node?.[Symbol.asyncDispose](), BOOTS_MS);

  test.for(['is cut off', 'stops and ends'])(
    'hand the tasks of each key over in order when the process that works on them %s',
    { timeout: 60_000 },
    async (how) => {
      await using proxy = await startTcpProxy({ host: '127.0.0.1', port: node.port });
      const [publisher, first, second] = await Promise.all([
        openWorkbench(node.url),
        openWorkbench(proxy.url(node.url), { drainTimeout: 100 }),
        openWorkbench(node.url),
      ]);
      const exchange = await declareShards(how, publisher);
      const handled = createInbox<Handled>('a task');
      const stopping = new AbortController();
      const never = new AbortController().signal;
      await workShards(how, first, { by: 'first', handled, stop: stopping.signal });
      await workShards(how, second, { by: 'second', handled, stop: never });

      const published = publishAll(exchange);
      const all = [...(await handled.take((KEYS * EACH) / 4, 20_000))];
      expect(new Set(all.map(({ by }) => by))).toEqual(new Set(['first']));
      if (how === 'stops and ends') {
        stopping.abort();
        await new Promise(setImmediate); // the handlers in hand end
      }
      proxy.refuse();
      proxy.cut();
      await published;
      while (!isDone(firsts(all))) all.push(await handled.next(20_000));
      proxy.accept();

      const inOrder = Array.from({ length: EACH }, (_, n) => n);
      expect([...firsts(all).values()]).toEqual(Array.from({ length: KEYS }, () => inOrder));
      expect(all.some(({ by }) => by === 'second')).toBe(true);
    },
  );
});

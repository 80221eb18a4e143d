// No promise stays pending for ever: all of it is asked over a link on which nothing passes any more.
import { jsonCodec } from '@leveret/codec-json';
import { connect, TimeoutError } from '@leveret/core';
import { deadline, publicMethods, startTcpProxy } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { Master } from './master.ts';
import { Worker } from './worker.ts';

const TIMEOUT = 120;
const AT_MOST = 3000;

interface Silent {
  readonly master: Master;
  readonly worker: Worker;
  /** Name of the task of the worker. */
  readonly name: string;
}

/** A master and a worker on a link on which nothing passes any more. */
async function openSilent(url: string): Promise<Silent> {
  const { hostname, port } = new URL(url);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  onTestFinished(() => proxy.close());
  const timeouts = { operationTimeout: TIMEOUT, closeTimeout: TIMEOUT };
  const connection = await connect(proxy.url(url), timeouts);
  onTestFinished(() => connection.close());
  const channel = await connection.channel({ publishTimeout: TIMEOUT, drainTimeout: TIMEOUT });
  const master = new Master(channel, { codec: jsonCodec() });
  const name = uniqueName('task');
  const worker = await master.createWorker(name, () => {}, { autoDelete: true });
  proxy.freeze();
  return { master, worker, name };
}

/** What each method does about it: the operation that times out, or that it ends all the same. */
type Row = readonly [expected: string, (silent: Silent) => Promise<unknown>];

const rows: Record<string, Row> = {
  'Master.createTask': ['publish', ({ master, name }) => master.createTask(name, {})],
  'Master.createQueue': ['queue.declare', ({ master }) => master.createQueue(uniqueName('other'))],
  'Master.createWorker': [
    'queue.declare',
    ({ master }) => master.createWorker(uniqueName('other'), () => {}),
  ],
  'Master.createTasks': [
    'publish',
    async ({ master, name }) => {
      const { failures } = await master.createTasks(name, [{}]);
      throw failures[0]?.error;
    },
  ],
  'Master.deadLetters': ['queue.declare', ({ master, name }) => master.deadLetters(name).count()],
  'Worker.pause': ['ends', ({ worker }) => worker.pause()],
  'Worker.resume': ['ends', ({ worker }) => worker.resume()],
  'Worker.health': ['ends', async ({ worker }) => worker.health()],
  'Worker.close': ['ends', ({ worker }) => worker.close()],
};

describeWithBroker('over a link that has fallen silent', (getUrl) => {
  const cases = Object.entries(rows).map(([name, [expected, call]]) => ({ name, expected, call }));
  test.for(cases)('$name ends in time: $expected', async ({ expected, call }) => {
    const outcome = deadline(call(await openSilent(getUrl())), AT_MOST, 'the end');
    if (expected === 'ends') return void (await outcome);
    const reason = await outcome.catch((error: unknown) => error);
    expect(reason).toBeInstanceOf(TimeoutError);
    expect(reason).toMatchObject({ operation: expected, timeout: TIMEOUT });
  });

  test('the list above has every method', () => {
    const all = [Master, Worker].flatMap(({ name, prototype }) =>
      publicMethods(prototype).map((method) => `${name}.${method}`),
    );
    expect(all.sort()).toEqual(Object.keys(rows).sort());
  });
});

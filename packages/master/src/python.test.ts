import { gzipCodec } from '@leveret/codec-gzip';
import { jsonCodec } from '@leveret/codec-json';
import { createInbox } from '@leveret/testkit';
import { describeWithBroker, hasAioPika, startPython, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Master } from './master.ts';
import type { TaskContext } from './types.ts';
import { openWorkbench } from './workbench.fixture.ts';

const WAIT = 15_000;

test.runIf(process.env['LEVERET_REQUIRE_ALL'] === '1')('the Python library is installed', () => {
  expect(hasAioPika).toBe(true);
});

if (!hasAioPika)
  console.log('Tests with aio-pika are skipped: install python3-aio-pika to run them.');

describe.skipIf(!hasAioPika)('tasks shared with aio-pika', { timeout: 60_000 }, () => {
  describeWithBroker('on one broker', (getUrl) => {
    test('a JsonMaster in Python gives tasks to our worker', async () => {
      const { master } = await openWorkbench(getUrl());
      const name = uniqueName('task');
      const worked = createInbox<{ payload: unknown; context: TaskContext }>('a task from Python');
      await master.createWorker(name, (payload, context) => worked.push({ payload, context }), {
        autoDelete: true,
      });
      const python = startPython(
        getUrl(),
        `
master = JsonMaster(channel)
await master.create_task(args[0], dict(task_id=1, text="Grüße 🐇", nested=dict(a=[1, None])))
await master.create_task(args[0], dict(task_id=2), priority=3, headers=dict(tenant="a"))
`,
        [name],
      );
      const [first, second] = await worked.take(2, WAIT);
      expect(first?.payload).toStrictEqual({
        task_id: 1,
        text: 'Grüße 🐇',
        nested: { a: [1, null] },
      });
      expect(first?.context.message).toMatchObject({
        contentType: 'application/json',
        deliveryMode: 2,
      });
      expect(second?.payload).toStrictEqual({ task_id: 2 });
      expect(second?.context.headers).toStrictEqual({ tenant: 'a' });
      await python.finish();
    });

    test('our master gives tasks to a JsonMaster worker in Python', async () => {
      const { master, channel } = await openWorkbench(getUrl());
      const name = uniqueName('task');
      // Declared alike by both; aio-pika's default is not durable.
      await master.createQueue(name, { durable: false });
      onTestFinished(async () => {
        const { channel: other } = await openWorkbench(getUrl());
        await (await other.getQueue(name, { ensure: false })).delete();
      });
      const python = startPython(
        getUrl(),
        `
master = JsonMaster(channel)
async def work(*, task_id, text=None):
    if task_id == 2:
        raise RejectMessage(requeue=False)
    say([task_id, text])
await master.create_worker(args[0], work, durable=False)
await told_to_end()
`,
        [name],
      );
      await master.createTask(name, { task_id: 1, text: 'Grüße 🐇' });
      await master.createTask(name, { task_id: 2 });
      await master.createTask(name, { task_id: 3 });
      const lines = await python.lines.take(2, WAIT);
      expect(lines.map((line) => JSON.parse(line))).toStrictEqual([
        [1, 'Grüße 🐇'],
        [3, null],
      ]);
      await python.finish();
      expect((await channel.getQueue(name)).messageCount).toBe(0);
    });

    test('gzip goes both ways with a CompressedJsonMaster', async () => {
      const codec = gzipCodec(jsonCodec(), { form: 'aio-pika' });
      const { channel } = await openWorkbench(getUrl());
      const master = new Master(channel, { codec });
      const [there, back] = [uniqueName('there'), uniqueName('back')];
      const worked = createInbox<unknown>('a task from Python');
      await master.createWorker(back, (payload) => worked.push(payload), { autoDelete: true });
      await master.createQueue(there, { durable: false, autoDelete: true });
      const python = startPython(
        getUrl(),
        `
master = CompressedJsonMaster(channel)
async def work(*, text):
    await master.create_task(args[1], dict(text=text + "!"))
await master.create_worker(args[0], work, durable=False, auto_delete=True)
await told_to_end()
`,
        [there, back],
      );
      await master.createTask(there, { text: 'zipped' });
      expect(await worked.next(WAIT)).toStrictEqual({ text: 'zipped!' });
      await python.finish();
    });
  });
});

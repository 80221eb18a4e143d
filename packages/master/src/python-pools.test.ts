import { createInbox } from '@leveret/testkit';
import {
  deleteInTheEnd,
  describeWithBroker,
  hasAioPika,
  startPython,
  uniqueName,
} from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { payloads, showTasks, WAIT } from './python.fixture.ts';
import { openWorkbench } from './workbench.fixture.ts';

type Tasks = { [name: string]: { id: number; by?: string } };

const COUNT = 60;
const ids = (count: number): number[] => Array.from({ length: count }, (_, id) => id);

// Declares the first queue before the second is told of, and that one only after it is there.
const IN_TURNS = `
master = JsonMaster(channel)
ours, theirs, flags = args
async def work(**kwargs):
    say(kwargs)
await master.create_worker(theirs, work, **json.loads(flags))
say("declared")
await master.create_worker(ours, work, **json.loads(flags))
say("declared after you")
await told_to_end()
`;

describe.skipIf(!hasAioPika)('the queue of a task', { timeout: 60_000 }, () => {
  describeWithBroker('declared in Python and here', (getUrl) => {
    test.for([
      [
        "with aio-pika's defaults and our option declarations: 'aio-pika'",
        {},
        { declarations: 'aio-pika' },
      ],
      ['with our defaults and durable=True in Python', { durable: true }, {}],
    ] as const)('%s is one queue, whoever comes first', async ([, flags, options]) => {
      const { channel, master } = await openWorkbench(getUrl(), options);
      const [ours, theirs] = [uniqueName('ours'), uniqueName('theirs')];
      await master.createQueue(ours);
      deleteInTheEnd(channel, ours);
      const python = startPython(getUrl(), IN_TURNS, [ours, theirs, JSON.stringify(flags)]);
      expect(await python.said()).toBe('declared');
      await master.createQueue(theirs);
      deleteInTheEnd(channel, theirs);
      expect(await python.said()).toBe('declared after you');
      await master.createTask(ours, { to: 'ours' });
      await master.createTask(theirs, { to: 'theirs' });
      expect(await python.saidAll(2)).toStrictEqual([{ to: 'ours' }, { to: 'theirs' }]);
      await python.finish();
      expect((await channel.getQueue(ours)).messageCount).toBe(0);
    });

    test('with the defaults of both is refused to whoever comes second', async () => {
      const { channel, master } = await openWorkbench(getUrl());
      const [ours, theirs] = [uniqueName('ours'), uniqueName('theirs')];
      await master.createQueue(ours);
      deleteInTheEnd(channel, ours);
      const python = startPython(
        getUrl(),
        `
await JsonMaster(channel).create_queue(args[1])
say("declared")
try:
    await JsonMaster(channel).create_queue(args[0])
except aio_pika.exceptions.ChannelPreconditionFailed as error:
    say(str(error))
`,
        [ours, theirs],
      );
      expect(await python.said()).toBe('declared');
      deleteInTheEnd(channel, theirs);
      const worker = master.createWorker(theirs, () => {});
      await expect(worker).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
      expect(await python.said()).toContain("inequivalent arg 'durable'");
      await python.finish();
      // The channel is back, and the queue that agrees is what it was.
      const tasks = await showTasks(master, ours, { autoDelete: false });
      await master.createTask(ours, { after: 'all' });
      expect(await payloads(tasks, 1)).toStrictEqual([{ after: 'all' }]);
    });
  });
});

describe.skipIf(!hasAioPika)('workers in Python and here', { timeout: 60_000 }, () => {
  describeWithBroker('on one queue', (getUrl) => {
    test('each get tasks from both, and every task is handled once', async () => {
      const { master, channel } = await openWorkbench<Tasks>(getUrl());
      const [name, done] = [uniqueName('task'), uniqueName('done')];
      const handled = createInbox<Tasks[string]>('a task that was handled');
      const work = ({ id }: Tasks[string]) => master.createTask(done, { id, by: 'us' });
      const worker = await master.createWorker(name, work, { prefetch: 1 });
      await master.createWorker(done, handled.push, { autoDelete: true });
      deleteInTheEnd(channel, name);
      const python = startPython(
        getUrl(),
        `
await channel.set_qos(prefetch_count=1)
master = JsonMaster(channel)
async def work(*, id):
    await master.create_task(args[1], dict(id=id, by="Python"))
await master.create_worker(args[0], work, durable=True)
say("works")
await asyncio.gather(*(master.create_task(args[0], dict(id=id)) for id in range(0, ${COUNT}, 2)))
await told_to_end()
`,
        [name, done],
      );
      expect(await python.said()).toBe('works');
      const odd = ids(COUNT).filter((id) => id % 2 === 1);
      await Promise.all(odd.map((id) => master.createTask(name, { id })));
      const tasks = await handled.take(COUNT, WAIT);
      expect(new Set(tasks.map(({ id }) => id))).toStrictEqual(new Set(ids(COUNT)));
      expect(new Set(tasks.map(({ by }) => by))).toStrictEqual(new Set(['us', 'Python']));
      // Python gets another only when it has acknowledged the one before.
      await worker.close();
      await master.createTask(name, { id: COUNT });
      expect(await handled.next(WAIT)).toStrictEqual({ id: COUNT, by: 'Python' });
      await python.finish();
    });

    test('take over what one in Python had in hand when it was killed', async () => {
      const { master, channel } = await openWorkbench<Tasks>(getUrl());
      const name = uniqueName('task');
      await master.createQueue(name);
      deleteInTheEnd(channel, name);
      const python = startPython(
        getUrl(),
        `
await channel.set_qos(prefetch_count=5)
async def work(*, id):
    say(id)
    await asyncio.Future()  # never done
await JsonMaster(channel).create_worker(args[0], work, durable=True)
await told_to_end()
`,
        [name],
      );
      for (const id of ids(10)) await master.createTask(name, { id });
      expect(await python.saidAll(5)).toStrictEqual(ids(5));
      const tasks = await showTasks((await openWorkbench(getUrl())).master, name, {
        autoDelete: false,
      });
      expect(await payloads(tasks, 5)).toStrictEqual(
        ids(10)
          .slice(5)
          .map((id) => ({ id })),
      );
      await python.kill();
      const rest = await tasks.take(5, WAIT);
      expect(rest.map(({ payload }) => payload)).toStrictEqual(ids(5).map((id) => ({ id })));
      expect(rest.every(({ context }) => context.redelivered)).toBe(true);
    });

    test('in Python take over what one here had in hand when it was closed', async () => {
      const { master, channel } = await openWorkbench<Tasks>(getUrl());
      const name = uniqueName('task');
      const worker = await master.createWorker(name, () => new Promise<never>(() => {}), {
        prefetch: 5,
        drainTimeout: 10,
      });
      deleteInTheEnd(channel, name);
      for (const id of ids(5)) await master.createTask(name, { id });
      const python = startPython(
        getUrl(),
        `
async def work(*, id):
    say(id)
await JsonMaster(channel).create_worker(args[0], work, durable=True)
say("works")
await told_to_end()
`,
        [name],
      );
      expect(await python.said()).toBe('works');
      await worker.close();
      expect(await python.saidAll(5)).toStrictEqual(ids(5));
      await python.finish();
    });
  });
});

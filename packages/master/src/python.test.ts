import {
  deleteInTheEnd,
  describeWithBroker,
  EVERYTHING,
  EVERYTHING_IN_PYTHON,
  hasAioPika,
  LARGE,
  PYTHON_TYPES,
  startPython,
  uniqueName,
} from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { payloads, showDeadLetters, showTasks, WAIT } from './python.fixture.ts';
import { openWorkbench } from './workbench.fixture.ts';

const MANY = 500;

describe.skipIf(!hasAioPika)('tasks of a JsonMaster in Python', { timeout: 60_000 }, () => {
  describeWithBroker('come to our worker', (getUrl) => {
    test('with every value of JSON, with none at all, by the proxy too', async () => {
      const { master } = await openWorkbench(getUrl());
      const name = uniqueName('mail.send');
      const tasks = await showTasks(master, name);
      const python = startPython(
        getUrl(),
        `
master = JsonMaster(channel)
await master.create_task(args[0], ${EVERYTHING_IN_PYTHON})
await master.create_task(args[0], {})
await getattr(master.proxy.mail, args[0].removeprefix("mail."))(to="a@example.com", text=None)
`,
        [name],
      );
      await python.finish();
      expect(await payloads(tasks, 3)).toStrictEqual([
        EVERYTHING,
        {},
        { to: 'a@example.com', text: null },
      ]);
    });

    test('whole where they have several MiB, and each once where they are many', async () => {
      const { master } = await openWorkbench(getUrl());
      const name = uniqueName('task');
      const tasks = await showTasks(master, name);
      const python = startPython(
        getUrl(),
        `
master = JsonMaster(channel)
await master.create_task(args[0], dict(text="Grüße 🐇 " * 200_000))
await asyncio.gather(*(master.create_task(args[0], dict(id=id)) for id in range(${MANY})))
`,
        [name],
      );
      await python.finish();
      const [large, ...many] = await payloads(tasks, MANY + 1);
      expect(large).toStrictEqual({ text: LARGE });
      expect(many).toStrictEqual(Array.from({ length: MANY }, (_, id) => ({ id })));
      expect(tasks.size).toBe(0);
    });

    test('by their priority, with expiration and headers as Python gave them', async () => {
      const { master } = await openWorkbench(getUrl());
      const name = uniqueName('task');
      const python = startPython(
        getUrl(),
        `
master = JsonMaster(channel)
await master.create_queue(args[0], durable=True, auto_delete=True, arguments={"x-max-priority": 9})
for priority in (1, 9, 5):
    await master.create_task(args[0], {}, priority=priority, expiration=30.5, headers=dict(tenant="ä", n=priority),
        message_id="id", timestamp=1_700_000_000, type="kind", app_id="app")
`,
        [name],
      );
      await python.finish();
      const tasks = await showTasks(master, name, { arguments: { 'x-max-priority': 9 } });
      const messages = (await tasks.take(3)).map(({ context }) => context.message);
      expect(messages.map(({ priority }) => priority)).toStrictEqual([9, 5, 1]);
      expect(messages[0]?.properties).toMatchObject({
        contentType: 'application/json',
        deliveryMode: 2,
        expiration: 30_500,
        headers: { tenant: 'ä', n: 9 },
        messageId: 'id',
        timestamp: new Date(1_700_000_000_000),
        type: 'kind',
        appId: 'app',
      });
    });

    test('or to the dead letters, where nobody took them in the seconds that Python gave', async () => {
      const { channel, master } = await openWorkbench(getUrl());
      const { dead, arguments: queueArguments } = await showDeadLetters(channel);
      const name = uniqueName('task');
      await master.createQueue(name, { exclusive: true, arguments: queueArguments });
      const python = startPython(
        getUrl(),
        'await JsonMaster(channel).create_task(args[0], {}, expiration=0.05)',
        [name],
      );
      await python.finish();
      expect((await dead.next(WAIT)).headers).toMatchObject({ 'x-first-death-reason': 'expired' });
    });
  });
});

describe.skipIf(!hasAioPika)('tasks of our master', { timeout: 60_000 }, () => {
  describeWithBroker('come to a JsonMaster worker in Python', (getUrl) => {
    test('with every value of JSON, in Python types, and with none at all', async () => {
      const { master } = await openWorkbench(getUrl());
      const name = uniqueName('mail.send');
      await master.createQueue(name, { autoDelete: true });
      const python = startPython(
        getUrl(),
        `
async def work(**kwargs):
    say([kwargs == ${EVERYTHING_IN_PYTHON}, {key: type(value).__name__ for key, value in kwargs.items()}])
await JsonMaster(channel).create_worker(args[0], work, durable=True, auto_delete=True)
await told_to_end()
`,
        [name],
      );
      await master.createTask(name, EVERYTHING);
      await master.createTask(name);
      const [first, second] = await python.saidAll(2);
      expect(first).toStrictEqual([true, PYTHON_TYPES]);
      expect(second).toStrictEqual([false, {}]);
      await python.finish();
    });

    test('whole where they have several MiB, and each once where they are many', async () => {
      const { master, channel } = await openWorkbench(getUrl());
      const name = uniqueName('task');
      await master.createQueue(name);
      deleteInTheEnd(channel, name);
      const python = startPython(
        getUrl(),
        `
ids = []
async def work(*, text=None, id=None):
    if text:
        say(text == "Grüße 🐇 " * 200_000)
    else:
        ids.append(id)
        if len(ids) == ${MANY}:
            say(ids)
await JsonMaster(channel).create_worker(args[0], work, durable=True)
await told_to_end()
`,
        [name],
      );
      const ids = Array.from({ length: MANY }, (_, id) => id);
      await master.createTask(name, { text: LARGE });
      await Promise.all(ids.map((id) => master.createTask(name, { id })));
      expect(await python.saidAll(2)).toStrictEqual([true, ids]);
      await python.finish();
      expect((await channel.getQueue(name)).messageCount).toBe(0);
    });

    test('by their priority, with expiration and headers as we gave them', async () => {
      const { master } = await openWorkbench(getUrl());
      const name = uniqueName('task');
      await master.createQueue(name, { autoDelete: true, arguments: { 'x-max-priority': 9 } });
      for (const priority of [1, 9, 5])
        await master.createTask(
          name,
          { priority },
          { priority, expiration: 30_500, headers: { tenant: 'ä', n: priority }, messageId: 'id' },
        );
      const python = startPython(
        getUrl(),
        `
queue = await channel.get_queue(args[0])
message = await queue.get()
say([message.priority, message.expiration, dict(message.headers), message.message_id, message.content_type,
    message.delivery_mode == DeliveryMode.PERSISTENT])
await message.ack()
async def work(*, priority):
    say(priority)
await JsonMaster(channel).create_worker(args[0], work, durable=True, auto_delete=True, arguments={"x-max-priority": 9})
await told_to_end()
`,
        [name],
      );
      expect(await python.saidAll(3)).toStrictEqual([
        [9, 30.5, { tenant: 'ä', n: 9 }, 'id', 'application/json', true],
        5,
        1,
      ]);
      await python.finish();
    });
  });
});

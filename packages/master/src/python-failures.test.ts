import { createInbox } from '@leveret/testkit';
import { describeWithBroker, hasAioPika, startPython, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { NackMessage, RejectMessage } from './outcomes.ts';
import { deadPayloads, showDeadLetters, WAIT } from './python.fixture.ts';
import { openWorkbench } from './workbench.fixture.ts';

// What a worker does with a task at the first try; at the second one it succeeds.
const FIRST = ['nack', 'nack with requeue', 'reject', 'reject with requeue'];
const TRIES = [
  'nack 1',
  'nack with requeue 1',
  'nack with requeue 2',
  'reject 1',
  'reject with requeue 1',
  'reject with requeue 2',
];

describe.skipIf(!hasAioPika)('a worker in Python', { timeout: 60_000 }, () => {
  describeWithBroker('with tasks of our master', (getUrl) => {
    test('gets again what it rejects or nacks with requeue; the rest is dead-lettered', async () => {
      const { channel, master } = await openWorkbench(getUrl());
      const { dead, arguments: queueArguments } = await showDeadLetters(channel);
      const name = uniqueName('task');
      await master.createQueue(name, { autoDelete: true, arguments: queueArguments });
      const python = startPython(
        getUrl(),
        `
tries = []
async def work(*, first):
    tries.append(first)
    say(f"{first} {tries.count(first)}")
    if first == "nack":
        raise NackMessage()
    if first == "reject":
        raise RejectMessage()
    if tries.count(first) == 1:
        raise (NackMessage if first == "nack with requeue" else RejectMessage)(requeue=True)
await JsonMaster(channel).create_worker(args[0], work, durable=True, auto_delete=True, arguments=json.loads(args[1]))
await told_to_end()
`,
        [name, JSON.stringify(queueArguments)],
      );
      for (const first of FIRST) await master.createTask(name, { first });
      expect([...(await python.saidAll(TRIES.length))].sort()).toStrictEqual(TRIES);
      expect(await deadPayloads(dead, 2)).toStrictEqual(['{"first":"nack"}', '{"first":"reject"}']);
      await python.finish();
      expect(dead.size).toBe(0);
    });

    test('that raises gets the task again, unless its JsonMaster says otherwise', async () => {
      const { channel, master } = await openWorkbench(getUrl());
      const { dead, arguments: queueArguments } = await showDeadLetters(channel);
      const names = ['always', 'never', 'once'].map(uniqueName);
      for (const name of names)
        await master.createQueue(name, { autoDelete: true, arguments: queueArguments });
      const python = startPython(
        getUrl(),
        `
always, never, once, arguments = args
async def start(master, name):
    tries = []
    async def work(*, to):
        tries.append(to)
        say(f"{to} {len(tries)}")
        if len(tries) < 4:
            raise ValueError("not yet")
    await master.create_worker(name, work, durable=True, auto_delete=True, arguments=json.loads(arguments))
await start(JsonMaster(channel), always)
await start(JsonMaster(channel, requeue=False), never)
await start(JsonMaster(channel, reject_on_redelivered=True), once)
await told_to_end()
`,
        [...names, JSON.stringify(queueArguments)],
      );
      for (const name of names) await master.createTask(name, { to: name.split('-')[0] });
      expect([...(await python.saidAll(7))].sort()).toStrictEqual([
        'always 1',
        'always 2',
        'always 3',
        'always 4',
        'never 1',
        'once 1',
        'once 2',
      ]);
      expect(await deadPayloads(dead, 2)).toStrictEqual(['{"to":"never"}', '{"to":"once"}']);
      await python.finish();
    });

    test('never sees a task that is no object: it is dead-lettered', async () => {
      const { channel, master } = await openWorkbench(getUrl());
      const { dead, arguments: queueArguments } = await showDeadLetters(channel);
      const name = uniqueName('task');
      await master.createQueue(name, { autoDelete: true, arguments: queueArguments });
      const python = startPython(
        getUrl(),
        `
async def work(**kwargs):
    say(kwargs)
await JsonMaster(channel).create_worker(args[0], work, durable=True, auto_delete=True, arguments=json.loads(args[1]))
await told_to_end()
`,
        [name, JSON.stringify(queueArguments)],
      );
      await channel.defaultExchange.publish({ body: Buffer.from('[1]') }, name);
      await master.createTask(name, { next: true });
      expect(await python.said()).toStrictEqual({ next: true });
      expect(await deadPayloads(dead, 1)).toStrictEqual(['[1]']);
      await python.finish();
    });
  });
});

describe.skipIf(!hasAioPika)('our worker', { timeout: 60_000 }, () => {
  describeWithBroker('with tasks of a JsonMaster in Python', (getUrl) => {
    test('gets again what it rejects or nacks with requeue; the rest is dead-lettered', async () => {
      const { channel, master } = await openWorkbench<{ [name: string]: { first: string } }>(
        getUrl(),
      );
      const { dead, arguments: queueArguments } = await showDeadLetters(channel);
      const name = uniqueName('task');
      const tries = createInbox<string>('a try');
      await master.createWorker(
        name,
        ({ first }, { attempt, message }) => {
          tries.push(`${first} ${attempt}`);
          if (first === 'nack') throw new NackMessage();
          if (first === 'reject') throw new RejectMessage();
          if (message.redelivered) return;
          const Outcome = first === 'nack with requeue' ? NackMessage : RejectMessage;
          throw new Outcome({ requeue: true });
        },
        { autoDelete: true, arguments: queueArguments },
      );
      const python = startPython(
        getUrl(),
        `
master = JsonMaster(channel)
for first in args[1:]:
    await master.create_task(args[0], dict(first=first))
`,
        [name, ...FIRST],
      );
      await python.finish();
      expect([...(await tries.take(TRIES.length, WAIT))].sort()).toStrictEqual(TRIES);
      expect(await deadPayloads(dead, 2)).toStrictEqual([
        '{"first": "nack"}',
        '{"first": "reject"}',
      ]);
      expect(dead.size).toBe(0);
    });

    test('that throws gets the task again; one that is no object is dead-lettered, and told', async () => {
      const { channel, master, events } = await openWorkbench(getUrl());
      const { dead, arguments: queueArguments } = await showDeadLetters(channel);
      const name = uniqueName('task');
      const tries = createInbox<unknown>('a try');
      await master.createWorker(
        name,
        (payload, { redelivered }) => {
          tries.push([payload, redelivered]);
          if (!redelivered) throw new Error('not yet');
        },
        { autoDelete: true, arguments: queueArguments },
      );
      const python = startPython(
        getUrl(),
        `
master = JsonMaster(channel)
await master.create_task(args[0], [1])
await master.create_task(args[0], dict(id=1))
`,
        [name],
      );
      await python.finish();
      expect(await tries.take(2)).toStrictEqual([
        [{ id: 1 }, false],
        [{ id: 1 }, true],
      ]);
      expect(await deadPayloads(dead, 1)).toStrictEqual(['[1]']);
      expect(await events.take(2)).toMatchObject([
        { type: 'message-rejected', queue: name, error: { code: 'INVALID_MESSAGE' } },
        { type: 'handler-failed', queue: name, error: { code: 'HANDLER_FAILED' } },
      ]);
    });
  });
});

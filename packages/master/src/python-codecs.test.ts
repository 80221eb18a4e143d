import { gzipCodec } from '@leveret/codec-gzip';
import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import {
  describeWithBroker,
  EVERYTHING,
  EVERYTHING_IN_PYTHON,
  hasAioPika,
  LARGE,
  startPython,
  uniqueName,
} from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { Master } from './master.ts';
import { payloads, showTasks, WAIT } from './python.fixture.ts';
import { openWorkbench } from './workbench.fixture.ts';

// As aio-pika's documentation extends its patterns.
const MSGPACK_MASTER = `
import msgpack

class MsgpackMaster(Master):
    CONTENT_TYPE = "application/msgpack"

    def serialize(self, data):
        return msgpack.dumps(data)

    def deserialize(self, data):
        return msgpack.loads(data)
`;

describe.skipIf(!hasAioPika)('zipped tasks', { timeout: 60_000 }, () => {
  describeWithBroker('shared with a CompressedJsonMaster in Python', (getUrl) => {
    test('come from it to our worker, of several MiB too', async () => {
      const { channel } = await openWorkbench(getUrl());
      const master = new Master(channel, { codec: gzipCodec(jsonCodec(), { form: 'aio-pika' }) });
      const name = uniqueName('task');
      const tasks = await showTasks(master, name);
      const python = startPython(
        getUrl(),
        `
master = CompressedJsonMaster(channel)
await master.create_task(args[0], ${EVERYTHING_IN_PYTHON})
await master.create_task(args[0], dict(text="Grüße 🐇 " * 200_000))
`,
        [name],
      );
      await python.finish();
      const [first, second] = await tasks.take(2, WAIT);
      expect(first?.payload).toStrictEqual(EVERYTHING);
      expect(first?.context.message.contentType).toBe('application/json;compression=gzip');
      expect(second?.payload).toStrictEqual({ text: LARGE });
      expect(second?.context.message.body.byteLength).toBeLessThan(100_000);
    });

    test('go from our master to its worker, of several MiB too', async () => {
      const { channel } = await openWorkbench(getUrl());
      const master = new Master(channel, { codec: gzipCodec(jsonCodec(), { form: 'aio-pika' }) });
      const name = uniqueName('task');
      await master.createQueue(name, { autoDelete: true });
      await master.createTask(name, EVERYTHING);
      await master.createTask(name, { text: LARGE });
      const python = startPython(
        getUrl(),
        `
queue = await channel.get_queue(args[0])
message = await queue.get()
say(message.content_type)
await message.reject(requeue=True)
async def work(**kwargs):
    say(kwargs == ${EVERYTHING_IN_PYTHON} or kwargs == dict(text="Grüße 🐇 " * 200_000))
await CompressedJsonMaster(channel).create_worker(args[0], work, durable=True, auto_delete=True)
await told_to_end()
`,
        [name],
      );
      expect(await python.saidAll(3)).toStrictEqual([
        'application/json;compression=gzip',
        true,
        true,
      ]);
      await python.finish();
    });

    test('come to a worker that takes plain JSON as well, where it accepts both', async () => {
      const { channel } = await openWorkbench(getUrl());
      const json = jsonCodec();
      const master = new Master(channel, {
        codec: json,
        accept: [gzipCodec(json, { form: 'aio-pika' })],
      });
      const name = uniqueName('task');
      const tasks = await showTasks(master, name);
      const python = startPython(
        getUrl(),
        `
await JsonMaster(channel).create_task(args[0], dict(form="plain"))
await CompressedJsonMaster(channel).create_task(args[0], dict(form="zipped"))
`,
        [name],
      );
      await python.finish();
      await master.createTask(name, { form: 'ours' });
      expect(await payloads(tasks, 3)).toStrictEqual([
        { form: 'plain' },
        { form: 'zipped' },
        { form: 'ours' },
      ]);
    });
  });
});

describe.skipIf(!hasAioPika)('tasks in MessagePack', { timeout: 60_000 }, () => {
  describeWithBroker('shared with a subclass of Master in Python', (getUrl) => {
    test('come from it to our worker, bytes as bytes', async () => {
      const { channel } = await openWorkbench(getUrl());
      const name = uniqueName('task');
      const tasks = await showTasks(new Master(channel, { codec: msgpackCodec() }), name);
      const python = startPython(
        getUrl(),
        `${MSGPACK_MASTER}
master = MsgpackMaster(channel)
await master.create_task(args[0], ${EVERYTHING_IN_PYTHON})
await master.create_task(args[0], dict(data=b"\\0\\xff", numbers=[-1, -200, 200, 70_000, -(2**31), 2**40, 1.5]))
`,
        [name],
      );
      await python.finish();
      const [first, second] = await tasks.take(2, WAIT);
      expect(first?.payload).toStrictEqual(EVERYTHING);
      expect(first?.context.message.contentType).toBe('application/msgpack');
      expect(second?.payload).toStrictEqual({
        data: Uint8Array.of(0, 255),
        numbers: [-1, -200, 200, 70_000, -(2 ** 31), 2 ** 40, 1.5],
      });
    });

    test('go from our master to its worker, bytes as bytes', async () => {
      const { channel } = await openWorkbench(getUrl());
      const master = new Master(channel, { codec: msgpackCodec() });
      const name = uniqueName('task');
      await master.createQueue(name, { autoDelete: true });
      const python = startPython(
        getUrl(),
        `${MSGPACK_MASTER}
async def work(**kwargs):
    say(kwargs == ${EVERYTHING_IN_PYTHON} or kwargs ==
        dict(data=b"\\0\\xff", text="x" * 70_000, numbers=[-1, -200, 200, 70_000, -(2**31), 2**40, 1.5]))
await MsgpackMaster(channel).create_worker(args[0], work, durable=True, auto_delete=True)
await told_to_end()
`,
        [name],
      );
      await master.createTask(name, EVERYTHING);
      await master.createTask(name, {
        data: Uint8Array.of(0, 255),
        text: 'x'.repeat(70_000),
        numbers: [-1, -200, 200, 70_000, -(2 ** 31), 2 ** 40, 1.5],
      });
      expect(await python.saidAll(2)).toStrictEqual([true, true]);
      await python.finish();
    });
  });
});

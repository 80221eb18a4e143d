import { createInbox } from '@leveret/testkit';
import {
  deleteInTheEnd,
  describeWithBroker,
  EVERYTHING,
  EVERYTHING_IN_PYTHON,
  hasAioPika,
  LARGE,
  startPython,
  uniqueName,
} from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { gate, openWorkbench } from './workbench.fixture.ts';

const MANY = 300;

class OutOfStock extends Error {
  override readonly name = 'OutOfStock';
}

/** What a method does that fails in this way. */
const failures: Record<string, () => unknown> = {
  error: () => {
    throw new RangeError('too far, 🐇');
  },
  subclass: async () => {
    throw new OutOfStock('none left');
  },
  text: () => {
    throw 'just a text';
  },
  bigint: () => 2n ** 70n,
};

describe.skipIf(!hasAioPika)('a JsonRPC caller in Python', { timeout: 60_000 }, () => {
  describeWithBroker('that calls our callee', (getUrl) => {
    test('gets a result of every type, and gives arguments of every type, or none', async () => {
      const { rpc } = await openWorkbench(getUrl());
      const [echo, nothing] = [uniqueName('echo'), uniqueName('nothing')];
      const calls = createInbox<unknown>('a call');
      const options = { autoDelete: true };
      const answer = (args: unknown) => {
        calls.push(args);
        return Object(args).value;
      };
      await rpc.register(echo, answer, options);
      await rpc.register(nothing, (args) => calls.push(args), options);
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
everything = ${EVERYTHING_IN_PYTHON}
for value in [*everything.values(), everything]:
    result = await rpc.call(args[0], dict(value=value))
    say([result == value, type(result) == type(value)])
say(await rpc.call(args[1]))
`,
        [echo, nothing],
      );
      const values = [...Object.values(EVERYTHING), EVERYTHING];
      const results = await python.saidAll(values.length + 1);
      expect(results).toStrictEqual([...values.map(() => [true, true]), null]);
      expect(await calls.take(values.length + 1)).toStrictEqual([
        ...values.map((value) => ({ value })),
        {},
      ]);
      await python.finish();
    });

    test('gives and gets several MiB, by the proxy with a dotted name', async () => {
      const { rpc } = await openWorkbench(getUrl());
      const name = uniqueName('text.twice');
      await rpc.register(name, (args) => Object(args).text + LARGE, { autoDelete: true });
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
method = getattr(rpc.proxy.text, args[0].removeprefix("text."))
say(await method(text="Grüße 🐇 " * 200_000) == "Grüße 🐇 " * 400_000)
`,
        [name],
      );
      expect(await python.said()).toBe(true);
      await python.finish();
    });

    test(`has ${MANY} calls under way at once, and gets each its own result`, async () => {
      const { rpc } = await openWorkbench(getUrl());
      const name = uniqueName('square');
      const { opened, open } = gate();
      let started = 0;
      const square = async (args: unknown) => {
        if (++started === MANY) open();
        await opened;
        return Object(args).x ** 2;
      };
      await rpc.register(name, square, { autoDelete: true, prefetch: 0 });
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
say(await asyncio.gather(*(rpc.call(args[0], dict(x=x)) for x in range(${MANY}))))
`,
        [name],
      );
      expect(await python.said()).toStrictEqual(Array.from({ length: MANY }, (_, x) => x ** 2));
      await python.finish();
    });

    test('gets a JsonRPCError with type, message and args for what the method throws', async () => {
      const { rpc } = await openWorkbench(getUrl());
      const name = uniqueName('fail');
      await rpc.register(name, (args) => failures[Object(args).how]?.(), { autoDelete: true });
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
for kwargs in [*(dict(how=how) for how in args[1:]), ["no", "object"]]:
    try:
        await rpc.call(args[0], kwargs)
    except JsonRPCError as error:
        say(error.args[1])
say(await rpc.call(args[0], dict(how="not at all")))
`,
        [name, ...Object.keys(failures)],
      );
      const [error, subclass, text, bigint, noObject, none] = await python.saidAll(6);
      expect(error).toStrictEqual({
        error: { type: 'RangeError', message: 'too far, 🐇', args: ['too far, 🐇'] },
      });
      expect(subclass).toStrictEqual({
        error: { type: 'OutOfStock', message: 'none left', args: ['none left'] },
      });
      expect(text).toStrictEqual({ error: { type: 'Error', message: 'just a text', args: [] } });
      expect(bigint).toMatchObject({ error: { type: 'CODEC' } });
      expect(noObject).toMatchObject({ error: { type: 'INVALID_MESSAGE' } });
      expect(none).toBeNull();
      await python.finish();
    });

    test('learns at once that nobody offers a method', async () => {
      await openWorkbench(getUrl());
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
try:
    await rpc.call(args[0], dict(x=1))
except aio_pika.exceptions.MessageProcessError as error:
    say(error.args[0])
rpc = await JsonRPC.create(await connection.channel(on_return_raises=True))
try:
    await rpc.call(args[0], dict(x=1))
except aio_pika.exceptions.DeliveryError as error:
    say(error.frame.name)
`,
        [uniqueName('nobody')],
      );
      expect(await python.saidAll(2)).toStrictEqual(['Message has been returned', 'Basic.Return']);
      await python.finish();
    });

    test('gets a TimeoutError for a call that expires, after the seconds that it gave', async () => {
      const { rpc, channel } = await openWorkbench(getUrl());
      const name = uniqueName('busy');
      await rpc.register(name, () => {});
      await rpc.unregister(name);
      deleteInTheEnd(channel, name);
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
try:
    await rpc.call(args[0], dict(x=1), expiration=0.05)
except asyncio.TimeoutError:
    say("expired")
`,
        [name],
      );
      expect(await python.said()).toBe('expired');
      await python.finish();
      expect((await channel.getQueue(name)).messageCount).toBe(0);
    });

    test('gives its calls a priority, 5 where it says none', async () => {
      const { rpc } = await openWorkbench(getUrl());
      const name = uniqueName('urgent');
      await rpc.register(name, (_, { message }) => message.priority, {
        autoDelete: true,
        arguments: { 'x-max-priority': 9 },
      });
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
say([await rpc.call(args[0]), await rpc.call(args[0], priority=9)])
`,
        [name],
      );
      expect(await python.said()).toStrictEqual([5, 9]);
      await python.finish();
    });
  });
});

import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import {
  deleteInTheEnd,
  describeWithBroker,
  EVERYTHING,
  EVERYTHING_IN_PYTHON,
  hasAioPika,
  startPython,
  uniqueName,
} from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { READY } from './python.fixture.ts';
import { RPC } from './rpc.ts';
import { openWorkbench, reasonOf } from './workbench.fixture.ts';

// `JsonRPC.create(channel, exchange=…)` of aio-pika 9; what it does there, in the words of version 8, which Debian has.
const RPC_WITH_EXCHANGE = `
class ExchangeRPC(JsonRPC):
    async def register(self, method_name, func, **kwargs):
        key = f"{self.rpc_exchange.name}::{method_name}"
        await super().register(key, func, **kwargs)
        await self.queues[func].bind(self.rpc_exchange, key)

    async def call(self, method_name, kwargs=None):
        future, correlation_id = self.create_future()
        message = await self.serialize_message(kwargs or {}, aio_pika.patterns.rpc.RPCMessageType.CALL, correlation_id,
            DeliveryMode.NOT_PERSISTENT, reply_to=self.result_queue.name, headers={"From": self.result_queue.name},
            priority=5)
        await self.rpc_exchange.publish(message, f"{self.rpc_exchange.name}::{method_name}", mandatory=True)
        return await future

async def create_rpc(exchange):
    if hasattr(JsonRPC, "rpc_exchange"):
        return await JsonRPC.create(channel, exchange=exchange)
    rpc = await ExchangeRPC.create(channel)
    rpc.rpc_exchange = await channel.declare_exchange(exchange, auto_delete=True)
    return rpc
`;

// As aio-pika's documentation extends its patterns; exceptions travel as those of JsonRPC.
const MSGPACK_RPC = `
import msgpack

class MsgpackRPC(RPC):
    CONTENT_TYPE = "application/msgpack"

    def serialize(self, data):
        return msgpack.dumps(data)

    def deserialize(self, data):
        return msgpack.loads(data)

    def serialize_exception(self, exception):
        return dict(error=dict(type=type(exception).__name__, message=repr(exception), args=exception.args))
`;

describe.skipIf(!hasAioPika)('the queue of a method', { timeout: 60_000 }, () => {
  describeWithBroker('declared in Python and here', (getUrl) => {
    test.for([
      [
        "with aio-pika's defaults and our option declarations: 'aio-pika'",
        {},
        { declarations: 'aio-pika' },
      ],
      ['with our defaults and durable=True in Python', { durable: true }, {}],
    ] as const)('%s is one queue, whoever comes first', async ([, flags, options]) => {
      const { connection } = await openWorkbench(getUrl());
      const channel = await connection.channel(options);
      const rpc = await RPC.create(channel, { codec: jsonCodec() });
      const [ours, theirs] = [uniqueName('ours'), uniqueName('theirs')];
      await rpc.register(ours, () => 'here');
      deleteInTheEnd(channel, ours);
      const python = startPython(
        getUrl(),
        `
ours, theirs, flags = args
rpc = await JsonRPC.create(channel)
async def first():
    return "in Python"
async def second():
    return "in Python"
await rpc.register(theirs, first, **json.loads(flags))
say("declared")
await rpc.register(ours, second, **json.loads(flags))
say("declared after you")
await told_to_end()
`,
        [ours, theirs, JSON.stringify(flags)],
      );
      expect(await python.said()).toBe('declared');
      await rpc.register(theirs, () => 'here too');
      deleteInTheEnd(channel, theirs);
      expect(await python.said()).toBe('declared after you');
      await rpc.unregister(ours);
      expect(await rpc.call(ours)).toBe('in Python');
      await python.finish();
      expect(await rpc.call(theirs)).toBe('here too');
    });

    test('with the defaults of both is refused to whoever comes second', async () => {
      const { rpc, channel } = await openWorkbench(getUrl());
      const [ours, theirs] = [uniqueName('ours'), uniqueName('theirs')];
      await rpc.register(ours, () => 'here');
      deleteInTheEnd(channel, ours);
      const python = startPython(
        getUrl(),
        `
rpc = await JsonRPC.create(channel)
async def method():
    return "in Python"
await rpc.register(args[1], method)
say("declared")
other = await connection.channel()
try:
    await (await JsonRPC.create(other)).register(args[0], method)
except aio_pika.exceptions.ChannelPreconditionFailed as error:
    say(str(error))
await told_to_end()
`,
        [ours, theirs],
      );
      expect(await python.saidAll(2)).toStrictEqual([
        'declared',
        expect.stringContaining("inequivalent arg 'durable'"),
      ]);
      deleteInTheEnd(channel, theirs);
      const refused = rpc.register(theirs, () => 'here');
      await expect(refused).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
      // The channels are back, and the methods that agree are what they were.
      expect([await rpc.call(ours), await rpc.call(theirs)]).toStrictEqual(['here', 'in Python']);
      await python.finish();
    });
  });
});

describe.skipIf(!hasAioPika)('calls through an exchange', { timeout: 60_000 }, () => {
  describeWithBroker('shared with Python', (getUrl) => {
    test('find the methods behind it in both languages, and only those', async () => {
      const exchange = uniqueName('exchange');
      const { rpc } = await openWorkbench(getUrl(), { exchange });
      const [ours, theirs] = [uniqueName('ours'), uniqueName('theirs')];
      await rpc.register(ours, () => 'here', { autoDelete: true });
      const python = startPython(
        getUrl(),
        `${RPC_WITH_EXCHANGE}
exchange, ours, theirs = args
rpc = await create_rpc(exchange)
async def where():
    return "in Python"
await rpc.register(theirs, where, durable=True, auto_delete=True)
say("${READY}")
say([await rpc.call(ours), await rpc.call(theirs)])
await told_to_end()
`,
        [exchange, ours, theirs],
      );
      expect(await python.said()).toBe(READY);
      expect([await rpc.call(ours), await rpc.call(theirs)]).toStrictEqual(['here', 'in Python']);
      expect(await python.said()).toStrictEqual(['here', 'in Python']);
      const outside = await openWorkbench(getUrl());
      for (const name of [ours, theirs])
        expect(await reasonOf(outside.rpc.call(name))).toMatchObject({ code: 'UNROUTABLE' });
      await python.finish();
    });

    test('expire and come back to their caller as others do', async () => {
      const exchange = uniqueName('exchange');
      const { rpc, channel } = await openWorkbench(getUrl(), { exchange });
      const name = uniqueName('busy');
      const python = startPython(
        getUrl(),
        `${RPC_WITH_EXCHANGE}
rpc = await create_rpc(args[0])
async def busy():
    pass
await rpc.register(args[1], busy, durable=True)
await rpc.unregister(busy)
`,
        [exchange, name],
      );
      await python.finish();
      deleteInTheEnd(channel, `${exchange}::${name}`);
      const expired = await reasonOf(rpc.call(name, {}, { expiration: 50 }));
      expect(expired).toMatchObject({ code: 'RPC_TIMEOUT' });
    });
  });
});

describe.skipIf(!hasAioPika)('calls in MessagePack', { timeout: 60_000 }, () => {
  describeWithBroker('shared with a subclass of RPC in Python', (getUrl) => {
    test('come from it to our callee: values, bytes, errors', async () => {
      const { rpc } = await openWorkbench(getUrl(), { codec: msgpackCodec() });
      const name = uniqueName('echo');
      const echo = (args: unknown) => {
        if ('fail' in Object(args)) throw new RangeError('too far');
        return args;
      };
      await rpc.register(name, echo, { autoDelete: true });
      const python = startPython(
        getUrl(),
        `${MSGPACK_RPC}
rpc = await MsgpackRPC.create(channel)
for kwargs in (${EVERYTHING_IN_PYTHON}, dict(data=b"\\0\\xff", text="x" * 70_000, number=-(2**40)), {}):
    say(await rpc.call(args[0], kwargs) == kwargs)
try:
    await rpc.call(args[0], dict(fail=True))
except aio_pika.patterns.rpc.RPCException as error:
    say(error.args[1])
`,
        [name],
      );
      expect(await python.saidAll(4)).toStrictEqual([
        true,
        true,
        true,
        { error: { type: 'RangeError', message: 'too far', args: ['too far'] } },
      ]);
      await python.finish();
    });

    test('go from our caller to its callee: values, bytes, errors', async () => {
      const { rpc } = await openWorkbench(getUrl(), { codec: msgpackCodec() });
      const name = uniqueName('echo');
      const python = startPython(
        getUrl(),
        `${MSGPACK_RPC}
rpc = await MsgpackRPC.create(channel)
async def echo(fail=False, **kwargs):
    if fail:
        raise ValueError("too far", 1)
    return kwargs
await rpc.register(args[0], echo, durable=True, auto_delete=True)
say("${READY}")
await told_to_end()
`,
        [name],
      );
      expect(await python.said()).toBe(READY);
      expect(await rpc.call(name, EVERYTHING)).toStrictEqual(EVERYTHING);
      const bytes = { data: Uint8Array.of(0, 255), text: 'x'.repeat(70_000), number: -(2 ** 40) };
      expect(await rpc.call(name, bytes)).toStrictEqual(bytes);
      expect(await reasonOf(rpc.call(name, { fail: true }))).toMatchObject({
        code: 'REMOTE_ERROR',
        type: 'ValueError',
        remoteMessage: "ValueError('too far', 1)",
        args: ['too far', 1],
      });
      await python.finish();
    });
  });
});

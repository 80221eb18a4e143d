// What stands around it.
import { msgpackCodec } from '@leveret/codec-msgpack';
import { connect } from '@leveret/core';

const { AMQP_URL } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const { signal } = new AbortController();

// As it is documented, in the order in which a method is there when it is called.
import { RPC } from '@leveret/rpc';

type Api = {
  multiply(args: { x: number; y: number }): number;
  'math.add'(args: { a: number; b: number }): number;
};

const rpc = await RPC.create<Api>(channel, { codec: msgpackCodec() });
const multiply = ({ x, y }: { x: number; y: number }) => x * y;
await rpc.register('multiply', multiply, { autoDelete: true });
await rpc.unregister(multiply); // by function or by name

await rpc.register('multiply', multiply, { autoDelete: true });
await rpc.register('math.add', ({ a, b }) => a + b, { autoDelete: true });
await rpc.proxy.multiply({ x: 100, y: 7 }); // 700
await rpc.proxy.math.add({ a: 1, b: 2 }, { timeout: 5_000, signal }); // dotted names nest
await rpc.call('multiply', { x: 100, y: 7 }, { expiration: 1_000, priority: 5 });

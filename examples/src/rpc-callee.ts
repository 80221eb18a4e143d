// Offers methods until it is told to stop (Ctrl-C, SIGTERM).
import { once } from 'node:events';
import { msgpackCodec } from '@leveret/codec-msgpack';
import { connect } from '@leveret/core';
import { RPC } from '@leveret/rpc';

export type Api = {
  multiply(args: { x: number; y: number }): number;
  'math.add'(args: { a: number; b: number }): number;
};

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
await using rpc = await RPC.create<Api>(channel, { codec: msgpackCodec() });

await rpc.register('multiply', ({ x, y }) => x * y, { autoDelete: true });
await rpc.register('math.add', ({ a, b }) => a + b, { autoDelete: true });
console.log('waiting for calls');

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await rpc.unregister('multiply'); // waits for the calls in hand; so does the end of `rpc`
console.log('stopped');

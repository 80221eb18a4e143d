// Calls the methods that rpc-callee.ts offers.
import { msgpackCodec } from '@leveret/codec-msgpack';
import { connect } from '@leveret/core';
import { RPC } from '@leveret/rpc';
import type { Api } from './rpc-callee.ts';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
await using rpc = await RPC.create<Api>(channel, { codec: msgpackCodec() });
const signal = AbortSignal.timeout(10_000);

console.log('100 * 7 =', await rpc.proxy.multiply({ x: 100, y: 7 }));
console.log('1 + 2 =', await rpc.proxy.math.add({ a: 1, b: 2 }, { timeout: 5_000, signal }));
console.log(
  '6 * 7 =',
  await rpc.call('multiply', { x: 6, y: 7 }, { expiration: 1_000, priority: 5 }),
);

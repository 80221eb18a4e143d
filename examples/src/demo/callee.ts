// A callee process of the demo. It answers each caller in the caller's own codec.
import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import { connect } from '@leveret/core';
import { RPC } from '@leveret/rpc';
import { type Api, methodName, QUEUE } from './names.ts';
import { serve } from './serve.ts';

await serve(async ({ url, run }) => {
  const connection = await connect(url, { name: 'leveret demo callee' });
  const rpc = await RPC.create<Api>(await connection.channel(), {
    codec: jsonCodec(),
    accept: [msgpackCodec()],
  });
  await rpc.register(methodName(run), ({ x, y }) => x * y, QUEUE);
  return connection;
});

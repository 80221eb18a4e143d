// What a user's first program does, over the packages as they are published.
import assert from 'node:assert/strict';

export async function program({ connect }, { RPC }, { msgpackCodec }, url) {
  const codec = msgpackCodec();
  assert.deepEqual(await codec.decode(await codec.encode({ x: 6, y: 7 })), { x: 6, y: 7 });
  assert.equal(typeof connect, 'function');
  assert.equal(typeof RPC.create, 'function');
  if (!url) return 'imports and codec, no broker';

  const connection = await connect(url);
  try {
    const rpc = await RPC.create(await connection.channel(), { codec });
    await rpc.register('multiply', ({ x, y }) => x * y, { autoDelete: true });
    assert.equal(await rpc.proxy.multiply({ x: 6, y: 7 }), 42);
    await rpc.close();
  } finally {
    await connection.close();
  }
  return 'imports, codec and an RPC call';
}

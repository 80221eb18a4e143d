// The client with @leveret/rpc.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { RPC } from '@leveret/rpc';
import type { Api } from './rpc-pattern-server.ts';

const n = Number(process.argv[2] ?? 30);

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
await using rpc = await RPC.create<Api>(channel, { codec: jsonCodec() });
console.log(`fibonacci(${n}) = ${await rpc.proxy.fibonacci({ n })}`);

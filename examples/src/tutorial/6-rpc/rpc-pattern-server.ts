// The server with @leveret/rpc.
import { once } from 'node:events';
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { RPC } from '@leveret/rpc';

export type Api = { fibonacci(args: { n: number }): number };

const fibonacci = (n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
await using rpc = await RPC.create<Api>(channel, { codec: jsonCodec() });
await rpc.register('fibonacci', ({ n }) => fibonacci(n), { autoDelete: true });
const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
console.log('waiting for calls');

await stop;
await rpc.close(); // takes no more calls, and waits for those in hand
console.log('stopped');

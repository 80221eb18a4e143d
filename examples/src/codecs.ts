// Codecs are composed and injected: what writes is `codec`, what is understood besides is `accept`.
import { EventEmitter, once } from 'node:events';
import { gzipCodec } from '@leveret/codec-gzip';
import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';
import { RPC } from '@leveret/rpc';

type Tasks = { 'leveret.example.print': { text: string } };
type Api = { 'leveret.example.length'(args: { text: string }): number };

const json = jsonCodec();
const small = msgpackCodec();
const zipped = gzipCodec(json); // wraps any codec
const text = 'to be or not to be '.repeat(20);

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();

// A master that writes MessagePack and works off all three.
const worked = new EventEmitter();
const master = new Master<Tasks>(channel, { codec: small, accept: [json, zipped] });
await master.createWorker(
  'leveret.example.print',
  (task, { message: { body, contentType, contentEncoding = 'no encoding' } }) => {
    const bytes = `${task.text.length} characters in ${body.length} bytes`;
    console.log(`task: ${contentType}, ${contentEncoding}: ${bytes}`);
    worked.emit('task');
  },
  { autoDelete: true },
);
for (const codec of [small, json, zipped]) {
  const task = once(worked, 'task');
  await new Master<Tasks>(channel, { codec }).proxy.leveret.example.print({ text });
  await task;
}

// A callee that understands all three and answers each caller in its own.
await using callee = await RPC.create<Api>(channel, { codec: small, accept: [json, zipped] });
await callee.register('leveret.example.length', (args) => args.text.length, { autoDelete: true });
for (const codec of [small, json, zipped]) {
  await using caller = await RPC.create<Api>(channel, { codec });
  const { contentType, contentEncoding = 'no encoding' } = codec;
  const length = await caller.proxy.leveret.example.length({ text });
  console.log(`call: ${contentType}, ${contentEncoding}: ${length}`);
}

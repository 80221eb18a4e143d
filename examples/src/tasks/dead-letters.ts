// Tasks that fail for good are kept, looked at, and replayed once the fault is mended.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const master = new Master<{ parse: { text: string } }>(channel, { codec: jsonCodec() });

const kept = new Promise<void>((resolve) => {
  connection.on('event', ({ type }) => {
    if (type === 'task-dead-lettered') resolve();
  });
});
const broken = await master.createWorker(
  'parse',
  ({ text }) => {
    throw new SyntaxError(`cannot read ${text}`);
  },
  { retry: 1 },
);
await master.proxy.parse({ text: 'ünïcode' }, { messageId: 'task-1' });
await kept;
await broken.close();

const dead = master.deadLetters('parse');
for await (const { messageId, reason, attempts, error } of dead.list())
  console.log(`${messageId}: ${reason} after ${attempts}, ${error?.type}: ${error?.message}`);

let finish = (): void => {};
const done = new Promise<void>((resolve) => {
  finish = resolve;
});
await master.createWorker('parse', ({ text }) => {
  console.log(`read ${text}`);
  finish();
});
const { requeued } = await dead.requeue('all');
await done;
console.log(`${requeued} requeued, ${await dead.count()} left`);
for (const name of ['parse', 'parse.dead']) await (await channel.getQueue(name)).delete();

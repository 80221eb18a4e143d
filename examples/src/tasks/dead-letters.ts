// Tasks that fail for good are kept, looked at, and replayed once the fault is mended.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const master = new Master<{ parse: { text: string } }>(channel, { codec: jsonCodec() });

let keep = (): void => {};
const kept = new Promise<void>((resolve) => {
  keep = resolve;
});
connection.on('event', (event) => {
  if (event.type === 'task-dead-lettered') keep();
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
console.log(`${(await dead.requeue('all')).requeued} requeued, ${await dead.count()} left`);
await done;
for (const name of ['parse', 'parse.dead']) await (await channel.getQueue(name)).delete();

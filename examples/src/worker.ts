// Works tasks off until it is told to stop (Ctrl-C, SIGTERM).
import { once } from 'node:events';
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master, NackMessage, RejectMessage } from '@leveret/master';
import type { Tasks } from './master.ts';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const master = new Master<Tasks>(channel, { codec: jsonCodec() });

const worker = await master.createWorker(
  'my_task_name',
  async ({ task_id }) => {
    if (task_id % 2 === 0) throw new RejectMessage({ requeue: false });
    if (task_id % 3 === 0) throw new NackMessage({ requeue: false });
    console.log(`task ${task_id} done`);
  },
  { autoDelete: true, prefetch: 50 },
);
console.log('waiting for tasks');

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await worker.close(); // stops taking tasks, waits for those in hand
console.log('stopped');

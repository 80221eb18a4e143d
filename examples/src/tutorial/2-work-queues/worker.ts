// Works off the tasks of `task_queue`, one at a time, until it is told to stop (Ctrl-C, SIGTERM).
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@leveret/core';

/** Stands for work: a tenth of a second for each dot. */
const work = (task: string): Promise<void> => sleep(100 * (task.split('.').length - 1));

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const queue = await channel.declareQueue('task_queue');
const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
console.log('waiting for tasks');

const consumer = await queue.consume(
  (message) =>
    message.process(async () => {
      const task = Buffer.from(message.body).toString();
      console.log('received:', task);
      await work(task);
      console.log('done:', task);
    }),
  { prefetch: 1 },
);

await stop;
await consumer.close(); // takes no more, and ends the task in hand
console.log('stopped');

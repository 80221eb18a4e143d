// What stands around it.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';

const { AMQP_URL } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
type Tasks = { my_task_name: { task_id: number } };
const master = new Master<Tasks>(channel, { codec: jsonCodec() });

// As it is documented.
import { Master, NackMessage, RejectMessage } from '@leveret/master';

const worker = await master.createWorker(
  'my_task_name',
  async ({ task_id }) => {
    if (task_id % 2 === 0) throw new RejectMessage({ requeue: false });
    if (task_id % 3 === 0) throw new NackMessage({ requeue: false });
  },
  { autoDelete: true, prefetch: 50 },
);

await worker.close(); // stops taking tasks, waits for those in hand

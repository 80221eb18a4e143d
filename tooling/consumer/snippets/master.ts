// master.ts: creates tasks
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';

// What makes it run: the queue that a worker would have declared.
const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
const aside = await connect(AMQP_URL);
const queue = await (await aside.channel()).declareQueue('my_task_name', { autoDelete: true });

// As it is documented, but for the URL.
type Tasks = { my_task_name: { task_id: number } };

await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const master = new Master<Tasks>(channel, { codec: jsonCodec() });

for (let task_id = 0; task_id < 1000; task_id++) await master.proxy.my_task_name({ task_id });
await master.createTask('my_task_name', { task_id: 1000 }, { priority: 5 });

// What leaves nothing behind.
await queue.delete();
await aside.close();

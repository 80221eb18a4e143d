// Creates tasks.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';

export type Tasks = { my_task_name: { task_id: number } };

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const master = new Master<Tasks>(channel, { codec: jsonCodec() });

// The queue as the workers declare it, so that tasks can be created before the first worker is up.
await master.createQueue('my_task_name', { autoDelete: true });

for (let task_id = 0; task_id < 1000; task_id++) await master.proxy.my_task_name({ task_id });
await master.createTask('my_task_name', { task_id: 1000 }, { priority: 5 });
console.log('created 1001 tasks');

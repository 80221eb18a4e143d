// Puts a task into the queue `task_queue`: what stands on the command line.
import { connect } from '@leveret/core';

const task = process.argv.slice(2).join(' ') || 'Hello World';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
await channel.declareQueue('task_queue');

await channel.defaultExchange.publish({ body: Buffer.from(task) }, 'task_queue');
console.log('sent:', task);

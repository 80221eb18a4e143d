// Prints the logs that match a pattern of the command line until it is told to stop (Ctrl-C, SIGTERM).
import { once } from 'node:events';
import { connect } from '@leveret/core';

const patterns = process.argv.length > 2 ? process.argv.slice(2) : ['#'];

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const logs = await channel.declareExchange('topic_logs', { type: 'topic' });
const queue = await channel.declareQueue();
for (const pattern of patterns) await queue.bind(logs, pattern);
const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
console.log('waiting for', patterns.join(', '));

const consumer = await queue.consume((message) =>
  message.process(() => {
    console.log(`${message.routingKey}: ${Buffer.from(message.body).toString()}`);
  }),
);

await stop;
await consumer.close();
console.log('stopped');

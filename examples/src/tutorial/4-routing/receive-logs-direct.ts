// Prints the logs of the severities on the command line until it is told to stop (Ctrl-C, SIGTERM).
import { once } from 'node:events';
import { connect } from '@leveret/core';

const severities = process.argv.length > 2 ? process.argv.slice(2) : ['info', 'warning', 'error'];

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const logs = await channel.declareExchange('direct_logs', { type: 'direct' });
const queue = await channel.declareQueue();
for (const severity of severities) await queue.bind(logs, severity);
const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
console.log('waiting for', severities.join(', '));

const consumer = await queue.consume((message) =>
  message.process(() => {
    console.log(`${message.routingKey}: ${Buffer.from(message.body).toString()}`);
  }),
);

await stop;
await consumer.close();
console.log('stopped');

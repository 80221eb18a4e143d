// Prints what is logged from now on, until it is told to stop (Ctrl-C, SIGTERM).
import { once } from 'node:events';
import { connect } from '@leveret/core';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const logs = await channel.declareExchange('logs', { type: 'fanout' });
const queue = await channel.declareQueue(); // the broker names it; it goes with this connection
await queue.bind(logs);
const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
console.log('waiting for logs');

const consumer = await queue.consume((message) =>
  message.process(() => {
    console.log('received:', Buffer.from(message.body).toString());
  }),
);

await stop;
await consumer.close();
console.log('stopped');

// Prints the messages of the queue `hello` until it is told to stop (Ctrl-C, SIGTERM).
import { once } from 'node:events';
import { connect } from '@leveret/core';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const queue = await channel.declareQueue('hello');
const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
console.log('waiting for messages');

const consumer = await queue.consume((message) =>
  message.process(() => {
    console.log('received:', Buffer.from(message.body).toString());
  }),
);

await stop;
await consumer.close(); // takes no more, and waits for what is in hand
console.log('stopped');

// Puts one message into the queue `hello`.
import { connect } from '@leveret/core';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
await channel.declareQueue('hello');

await channel.defaultExchange.publish({ body: Buffer.from('Hello World') }, 'hello');
console.log('sent: Hello World');

// Publishes each message when the one before it is confirmed.
import { connect } from '@leveret/core';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const queue = await channel.declareQueue();

for (let n = 1; n <= 1000; n++) {
  await channel.defaultExchange.publish({ body: Buffer.from(`message ${n}`) }, queue.name);
}
console.log('one at a time:', await queue.delete(), 'messages in the queue');

// Keeps a hundred messages on their way: as one is confirmed, the next is published.
import { connect } from '@leveret/core';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const queue = await channel.declareQueue();

const IN_FLIGHT = 100;
let published = 0;
async function publishInTurn(): Promise<void> {
  while (published < 1000) {
    const body = Buffer.from(`message ${++published}`);
    await channel.defaultExchange.publish({ body }, queue.name);
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, publishInTurn));
console.log(`${IN_FLIGHT} in flight:`, await queue.delete(), 'messages in the queue');

// Publishes a hundred messages at once, and waits for all of them before the next hundred.
import { connect } from '@leveret/core';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const queue = await channel.declareQueue();

const BATCH = 100;
const publish = (n: number): Promise<void> =>
  channel.defaultExchange.publish({ body: Buffer.from(`message ${n}`) }, queue.name);

for (let first = 1; first <= 1000; first += BATCH) {
  const batch = Array.from({ length: BATCH }, (_, index) => publish(first + index));
  await Promise.all(batch);
}
console.log('in batches:', await queue.delete(), 'messages in the queue');

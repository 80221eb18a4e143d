// What stands around it.
import { connect } from '@leveret/core';

const { AMQP_URL } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const message = { body: Buffer.from('hi again') };

// As it is documented.
const exchange = await channel.declareExchange('logs', { type: 'topic', durable: true });
const queue = await channel.declareQueue('audit', {
  durable: true,
  arguments: { 'x-queue-type': 'quorum' },
});
await queue.bind(exchange, 'user.*');
await exchange.publish(
  { body: Buffer.from('hi'), contentType: 'text/plain', headers: { a: 1 } },
  'user.created',
);

/** Goes on for ever, so it is for others to call. */
export async function audit() {
  for await (const message of queue)
    await message.process(async () => {
      console.log(message.body);
    });
}
const one = await queue.get(); // undefined when the queue is empty
await channel.transaction(async () => {
  await exchange.publish(message, 'user.created');
});

// What leaves nothing behind.
one?.ack();
await queue.delete();
await exchange.delete();

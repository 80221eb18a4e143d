// Core alone: everything AMQP that the patterns are made of.
import { EventEmitter, once } from 'node:events';
import { connect } from '@leveret/core';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();

const exchange = await channel.declareExchange('leveret.example.logs', {
  type: 'topic',
  autoDelete: true,
});
const queue = await channel.declareQueue('leveret.example.audit', {
  arguments: { 'x-queue-type': 'quorum' },
});
await queue.bind(exchange, 'user.*');
const line = (text: string) => ({ body: Buffer.from(text), contentType: 'text/plain' });
const textOf = ({ body }: { body: Uint8Array }) => Buffer.from(body).toString();

// One message at a time.
await exchange.publish({ ...line('hi'), headers: { a: 1 } }, 'user.created');
const one = await queue.get();
if (one) {
  console.log('get:', one.routingKey, one.headers['a'], textOf(one));
  one.ack();
}
console.log('get of an empty queue:', await queue.get());

// Both, or none.
await channel.transaction(async () => {
  await exchange.publish(line('first'), 'user.created');
  await exchange.publish(line('second'), 'user.deleted');
});

// As they come, in a loop.
let left = 2;
for await (const message of queue) {
  await message.process(() => console.log('iterate:', message.routingKey, textOf(message)));
  if (--left === 0) break;
}

// As they come, to a handler; several at once unless `concurrency` is 1.
const arrivals = new EventEmitter();
const arrival = once(arrivals, 'message');
const consumer = await queue.consume((message) =>
  message.process(() => {
    console.log('consume:', message.routingKey, textOf(message));
    arrivals.emit('message');
  }),
);
await exchange.publish(line('third'), 'user.created');
await arrival;
await consumer.close(); // stops taking messages, waits for handlers in hand

// Nothing stays on the broker: the exchange goes with its last binding.
await queue.delete();
console.log('deleted');

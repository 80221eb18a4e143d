// The same library on its second driver, which also tells what the broker says of itself.
import { connect } from '@leveret/core';
import { amqplibDriver } from '@leveret/driver-amqplib';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
const driver = amqplibDriver({ clientProperties: { connection_name: 'example' } });
await using connection = await connect(AMQP_URL, { driver });
await using channel = await connection.channel();

const queue = await channel.declareQueue('', { exclusive: true });
await channel.defaultExchange.publish({ body: Buffer.from('hi') }, queue.name);
const message = await queue.get();
message?.ack();

console.log('product:', connection.serverProperties?.['product'] ?? 'unknown');
console.log('message:', Buffer.from(message?.body ?? []).toString());

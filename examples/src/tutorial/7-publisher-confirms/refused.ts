// What it looks like when a message is not taken.
import { connect, LeveretError } from '@leveret/core';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const queue = await channel.declareQueue('', {
  arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' }, // room for one
});

async function tryToPublish(routingKey: string): Promise<string> {
  try {
    await channel.defaultExchange.publish({ body: Buffer.from('hi') }, routingKey);
    return 'confirmed';
  } catch (error) {
    if (!(error instanceof LeveretError)) throw error;
    return `${error.code}, ${error.retryable ? 'later perhaps' : 'not as it is'}`;
  }
}

console.log('a queue with room:', await tryToPublish(queue.name));
console.log('a full queue:', await tryToPublish(queue.name));
console.log('no queue:', await tryToPublish('no-such-queue'));

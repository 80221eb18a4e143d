// Logs a severity and a text: the first word of the command line, and the rest.
import { connect, UnroutableError } from '@leveret/core';

const [severity = 'info', ...words] = process.argv.slice(2);
const text = words.join(' ') || 'Hello World';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const logs = await channel.declareExchange('direct_logs', { type: 'direct' });

try {
  await logs.publish({ body: Buffer.from(text) }, severity);
  console.log(`sent ${severity}: ${text}`);
} catch (error) {
  if (!(error instanceof UnroutableError)) throw error;
  console.log(`nobody takes ${error.returned.routingKey}`);
}

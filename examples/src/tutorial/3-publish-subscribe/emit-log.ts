// Tells everybody who listens: what stands on the command line.
import { connect } from '@leveret/core';

const text = process.argv.slice(2).join(' ') || 'info: Hello World';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const logs = await channel.declareExchange('logs', { type: 'fanout' });

// Where nobody listens, that is no error of who writes a log.
await logs.publish({ body: Buffer.from(text) }, '', { mandatory: false });
console.log('sent:', text);

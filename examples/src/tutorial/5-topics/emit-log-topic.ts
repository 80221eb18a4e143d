// Logs a topic and a text: the first word of the command line, such as `kern.critical`, and the rest.
import { connect } from '@leveret/core';

const [topic = 'anonymous.info', ...words] = process.argv.slice(2);
const text = words.join(' ') || 'Hello World';

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const logs = await channel.declareExchange('topic_logs', { type: 'topic' });

await logs.publish({ body: Buffer.from(text) }, topic, { mandatory: false });
console.log(`sent ${topic}: ${text}`);

// Asks for the Fibonacci numbers on the command line, all at once.
import { randomUUID } from 'node:crypto';
import { connect } from '@leveret/core';

const numbers = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [30];

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const callbacks = await channel.declareQueue();
const waiting = new Map<string, (result: number) => void>();
await callbacks.consume(
  ({ correlationId = '', body }) => {
    waiting.get(correlationId)?.(Number(Buffer.from(body).toString()));
    waiting.delete(correlationId);
  },
  { noAck: true },
);

async function fibonacci(n: number): Promise<number> {
  const correlationId = randomUUID();
  const result = new Promise<number>((resolve) => waiting.set(correlationId, resolve));
  const call = { body: Buffer.from(String(n)), correlationId, replyTo: callbacks.name };
  await channel.defaultExchange.publish(call, 'rpc_queue');
  return result;
}

const results = await Promise.all(numbers.map(fibonacci));
for (const [index, n] of numbers.entries()) console.log(`fibonacci(${n}) = ${results[index]}`);

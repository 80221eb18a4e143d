// Answers calls with Fibonacci numbers until it is told to stop (Ctrl-C, SIGTERM).
import { once } from 'node:events';
import { connect } from '@leveret/core';

const fibonacci = (n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

await using connection = await connect(process.env['AMQP_URL'] ?? 'amqp://guest:guest@localhost/');
await using channel = await connection.channel();
const queue = await channel.declareQueue('rpc_queue');
const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
console.log('waiting for calls');

const consumer = await queue.consume(
  (message) =>
    message.process(async () => {
      const { correlationId, replyTo } = message;
      if (replyTo === undefined) return; // nobody to answer
      const n = Number(Buffer.from(message.body).toString());
      const body = Buffer.from(String(fibonacci(n)));
      // The caller may be gone by now.
      const options = { mandatory: false };
      await channel.defaultExchange.publish({ body, correlationId }, replyTo, options);
      console.log(`answered fibonacci(${n})`);
    }),
  { prefetch: 1 },
);

await stop;
await consumer.close();
console.log('stopped');

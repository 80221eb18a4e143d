import { findRabbitServer, startRabbitNode } from '@leveret/testkit';

/** RabbitMQ: the one of AMQP_URL, or a private node. */
export async function startRabbit(): Promise<{ readonly url: string } & AsyncDisposable> {
  const { AMQP_URL: url } = process.env;
  if (url) return { url, [Symbol.asyncDispose]: async () => {} };
  if (findRabbitServer()) return startRabbitNode();
  throw new Error('No broker: set AMQP_URL, or install rabbitmq-server.');
}

import { findRabbitServer, startRabbitNode } from '@leveret/testkit';

/** A broker to run on. */
export interface Broker extends AsyncDisposable {
  readonly url: string;
}

/** A broker that is still to be opened. */
export interface BrokerChoice {
  readonly title: string;
  open(): Promise<Broker>;
}

/** The broker of AMQP_URL, else a private one that ends with the demo. */
export function chooseBroker(): BrokerChoice {
  const { AMQP_URL: url } = process.env;
  if (url) return { title: 'Using the broker of AMQP_URL', open: async () => given(url) };
  if (findRabbitServer() !== undefined)
    return { title: 'Starting a private RabbitMQ (some seconds)', open: () => startRabbitNode() };
  throw new Error(
    'RabbitMQ is not installed: install it (Debian, Ubuntu: apt-get install rabbitmq-server) or set AMQP_URL to the URL of a broker.',
  );
}

function given(url: string): Broker {
  return { url, [Symbol.asyncDispose]: async () => {} };
}

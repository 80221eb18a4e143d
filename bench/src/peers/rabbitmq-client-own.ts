import { Connection } from 'rabbitmq-client';
import type { NodePeer } from './peer.ts';

/** What `rabbitmq-client` offers above channels. */
export const rabbitmqClientOwn: NodePeer = {
  runs: 'node',
  name: 'rabbitmq-client-own',
  title: 'rabbitmq-client, its own classes',
  packages: ['rabbitmq-client'],
  guarantee: {
    confirms: true,
    acks: 'one by one, after the handler; of a call after its reply was sent',
    recovers: true,
    remark: 'Publisher, Consumer, RPCClient',
  },
  cannot: { queues: 'each Consumer has a channel, and all 1,000 try again at once' },
  formats: ['json'],

  publisher: async ({ url }, queue) => {
    const publisher = open(url).createPublisher({ confirm: true });
    const envelope = { routingKey: queue, mandatory: true, durable: true };
    return (task) => publisher.send(envelope, task);
  },

  consumer: async ({ url }, queues, prefetch, handle) => {
    const connection = open(url);
    for (const queue of queues) {
      const options = { queue, queueOptions: THERE, qos: { prefetchCount: prefetch } };
      const consumer = connection.createConsumer(options, async (message) => {
        const handled = handle(message.body);
        if (handled) await handled;
      });
      consumer.on('error', () => {}); // a cut that it recovers from
      await new Promise<void>((resolve) => consumer.on('ready', resolve));
    }
  },

  callee: async ({ url }, methods, prefetch, method) => {
    const connection = open(url);
    for (const queue of methods) {
      const options = { queue, queueOptions: THERE, qos: { prefetchCount: prefetch } };
      const consumer = connection.createConsumer(options, async (message, reply) => {
        await reply(await method(message.body));
      });
      await new Promise<void>((resolve) => consumer.on('ready', resolve));
    }
  },

  caller: async ({ url }) => {
    const client = open(url).createRPCClient({ timeout: 120_000 });
    return async (method, args) => (await client.send(method, args)).body;
  },
};

function open(url: string): Connection {
  const connection = new Connection({ url, noDelay: true, frameMax: 131_072 });
  connection.on('error', () => {}); // it tells of a cut, and connects again
  return connection;
}

/** It declares its queue in any case; this way it takes it as it is. */
const THERE = { passive: true };

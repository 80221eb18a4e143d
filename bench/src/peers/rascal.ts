import { randomUUID } from 'node:crypto';
import library, { type BrokerConfig, type PublicationSession } from 'rascal';
import type { NodePeer } from './peer.ts';
import { createReplies } from './replies.ts';

const CHANNELS = { min: 1, max: 20 };

/** `rascal`, which is told all queues, publications and subscriptions beforehand. */
export const rascal: NodePeer = {
  runs: 'node',
  name: 'rascal',
  title: 'rascal',
  packages: ['rascal', 'amqplib'],
  guarantee: {
    confirms: true,
    acks: 'one by one, after the handler',
    recovers: true,
    remark: 'pools of 20 channels; calls by hand, as it has none',
  },
  cannot: {},
  formats: ['json'],

  publisher: async ({ url }, queue) => {
    const broker = await open(url, [queue], {
      publications: { task: { vhost: '/', exchange: '', routingKey: queue, confirm: true } },
    });
    return async (task) => confirmed(await broker.publish('task', task));
  },

  consumer: async ({ url }, queues, prefetch, handle) => {
    const broker = await open(url, queues, {
      subscriptions: subscriptionsOf(queues, prefetch),
    });
    for (const queue of queues) {
      const subscription = await broker.subscribe(queue);
      subscription.on('message', async (_message, content, ackOrNack) => {
        const handled = handle(content);
        if (handled) await handled;
        ackOrNack();
      });
      subscription.on('error', () => {}); // a cut that it recovers from
    }
  },

  callee: async ({ url }, methods, prefetch, method) => {
    const broker = await open(url, methods, {
      publications: { reply: { vhost: '/', exchange: '', confirm: false } },
      subscriptions: subscriptionsOf(methods, prefetch),
    });
    for (const name of methods) {
      const subscription = await broker.subscribe(name);
      subscription.on('message', async (message, content, ackOrNack) => {
        const { replyTo, correlationId } = message.properties;
        await broker.publish('reply', await method(content), {
          routingKey: replyTo,
          options: { correlationId, persistent: false },
        });
        ackOrNack();
      });
    }
  },

  caller: async ({ url }, methods) => {
    const replyTo = `rascal.replies.${randomUUID()}`;
    const broker = await open(url, methods, {
      vhosts: { '/': { queues: { [replyTo]: { options: { exclusive: true } } } } },
      publications: Object.fromEntries(
        methods.map((name) => [
          name,
          { vhost: '/', exchange: '', routingKey: name, confirm: false },
        ]),
      ),
      subscriptions: {
        [replyTo]: { vhost: '/', queue: replyTo, prefetch: 0, options: { noAck: true } },
      },
    });
    const replies = createReplies();
    const subscription = await broker.subscribe(replyTo);
    subscription.on('message', (message, content) =>
      replies.settle(message.properties.correlationId, content),
    );
    return (name, args) =>
      replies.expect((correlationId) =>
        broker.publish(name, args, { options: { replyTo, correlationId, persistent: false } }),
      );
  },
};

/** A broker that takes the queues of the runner as they are. */
async function open(
  url: string,
  queues: readonly string[],
  config: BrokerConfig,
): Promise<InstanceType<typeof library.BrokerAsPromised>> {
  const given = Object.fromEntries(queues.map((queue) => [queue, { assert: false, check: false }]));
  const own = config.vhosts?.['/']?.queues;
  const broker = await library.BrokerAsPromised.create({
    ...config,
    vhosts: {
      '/': {
        connection: { url, ...SOCKET },
        publicationChannelPools: { regularPool: CHANNELS, confirmPool: CHANNELS },
        queues: { ...given, ...own },
      },
    },
  });
  broker.on('error', () => {}); // a cut that it recovers from
  return broker;
}

// Its types leave out what it hands on to amqplib.
const SOCKET = { socketOptions: { noDelay: true, timeout: 10_000 } };

function subscriptionsOf(
  queues: readonly string[],
  prefetch: number,
): NonNullable<BrokerConfig['subscriptions']> {
  return Object.fromEntries(queues.map((queue) => [queue, { vhost: '/', queue, prefetch }]));
}

function confirmed(publication: PublicationSession): Promise<void> {
  return new Promise((resolve, reject) => {
    publication.on('success', () => resolve());
    publication.on('error', reject);
  });
}

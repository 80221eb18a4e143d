import { type AmqpConnectionManager, type ChannelWrapper, connect } from 'amqp-connection-manager';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { BYTES, FORMATS } from '../formats.ts';
import type { NodePeer } from './peer.ts';
import { createReplies } from './replies.ts';

/** `amqplib` with connections and channels that come back. */
export const amqpConnectionManager: NodePeer = {
  runs: 'node',
  name: 'amqp-connection-manager',
  title: 'amqp-connection-manager',
  packages: ['amqp-connection-manager', 'amqplib'],
  guarantee: {
    confirms: true,
    acks: 'one by one, after the handler',
    recovers: true,
    remark: 'calls and replies are confirmed, too; it looks for its broker every 5 s',
  },
  cannot: {},
  formats: FORMATS,

  publisher: async ({ url, format }, queue) => {
    const { encode, contentType } = BYTES[format];
    const { channel } = await open(url);
    const options = { persistent: true, mandatory: true, contentType };
    return async (task) => void (await channel.sendToQueue(queue, encode(task), options));
  },

  consumer: async ({ url, format }, queues, prefetch, handle) => {
    const { decode } = BYTES[format];
    const { channel } = await open(url);
    for (const queue of queues)
      await channel.consume(
        queue,
        async (message) => {
          const handled = handle(decode(message.content));
          if (handled) await handled;
          channel.ack(message);
        },
        { prefetch },
      );
  },

  callee: async ({ url, format }, methods, prefetch, method) => {
    const { encode, decode, contentType } = BYTES[format];
    const { channel } = await open(url);
    for (const queue of methods)
      await channel.consume(
        queue,
        async (message) => {
          const { replyTo, correlationId } = message.properties;
          const result = await method(decode(message.content));
          await channel.sendToQueue(replyTo, encode(result), { correlationId, contentType });
          channel.ack(message);
        },
        { prefetch },
      );
  },

  caller: async ({ url, format }) => {
    const { encode, decode, contentType } = BYTES[format];
    const replies = createReplies();
    const settle = (message: ConsumeMessage | null): void => {
      if (message) replies.settle(message.properties.correlationId, decode(message.content));
    };
    let replyTo = '';
    const { channel } = await open(url, async (fresh) => {
      ({ queue: replyTo } = await fresh.assertQueue('', { exclusive: true }));
      await fresh.consume(replyTo, settle, { noAck: true });
    });
    return (queue, args) =>
      replies.expect((correlationId) => {
        const options = { replyTo, correlationId, contentType, mandatory: true };
        return channel.sendToQueue(queue, encode(args), options);
      });
  },
};

async function open(
  url: string,
  setup: (channel: ConfirmChannel) => Promise<void> = async () => {},
): Promise<{ readonly connection: AmqpConnectionManager; readonly channel: ChannelWrapper }> {
  const connection = connect([url], { connectionOptions: { noDelay: true } });
  const channel = connection.createChannel({ json: false, setup });
  await channel.waitForConnect();
  return { connection, channel };
}

import { type AMQPChannel, AMQPClient } from '@cloudamqp/amqp-client';
import { BYTES, FORMATS } from '../formats.ts';
import type { NodePeer } from './peer.ts';
import { createReplies } from './replies.ts';

/** `@cloudamqp/amqp-client`, its client and channels. */
export const cloudamqp: NodePeer = {
  runs: 'node',
  name: 'cloudamqp',
  title: '@cloudamqp/amqp-client',
  packages: ['@cloudamqp/amqp-client'],
  guarantee: {
    confirms: true,
    acks: 'one by one, after the handler',
    recovers: false,
    remark: 'noDelay is set on its socket, as it has no option; its AMQPSession recovers',
  },
  cannot: {},
  formats: FORMATS,

  publisher: async ({ url, format }, queue) => {
    const { encode, contentType } = BYTES[format];
    const channel = await open(url);
    await channel.confirmSelect();
    const properties = { deliveryMode: 2, contentType };
    return async (task) =>
      void (await channel.basicPublish('', queue, encode(task), properties, true));
  },

  consumer: async ({ url, format }, queues, prefetch, handle) => {
    const { decode } = BYTES[format];
    const channel = await open(url);
    await channel.prefetch(prefetch);
    for (const queue of queues)
      await channel.basicConsume(queue, { noAck: false }, async (message) => {
        const handled = handle(decode(bufferOf(message.body)));
        if (handled) await handled;
        await message.ack();
      });
  },

  callee: async ({ url, format }, methods, prefetch, method) => {
    const { encode, decode, contentType } = BYTES[format];
    const channel = await open(url);
    await channel.prefetch(prefetch);
    for (const queue of methods)
      await channel.basicConsume(queue, { noAck: false }, async (message) => {
        const { replyTo = '', correlationId = '' } = message.properties;
        const result = await method(decode(bufferOf(message.body)));
        await channel.basicPublish('', replyTo, encode(result), { correlationId, contentType });
        await message.ack();
      });
  },

  caller: async ({ url, format }) => {
    const { encode, decode, contentType } = BYTES[format];
    const channel = await open(url);
    const { name: replyTo } = await channel.queueDeclare('', { exclusive: true });
    const replies = createReplies();
    await channel.basicConsume(replyTo, { noAck: true }, ({ body, properties }) =>
      replies.settle(properties.correlationId, decode(bufferOf(body))),
    );
    return (queue, args) =>
      replies.expect((correlationId) =>
        channel.basicPublish(
          '',
          queue,
          encode(args),
          { replyTo, correlationId, contentType },
          true,
        ),
      );
  },
};

async function open(url: string): Promise<AMQPChannel> {
  const client = new AMQPClient(url);
  const connection = await client.connect();
  client.socket?.setNoDelay(true);
  return connection.channel();
}

function bufferOf(body: Uint8Array | null): Buffer {
  if (!body) throw new Error('a message without a body');
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

import { type Channel, Connection } from 'rabbitmq-client';
import { BYTES, FORMATS, type Format } from '../formats.ts';
import { mergedAcks } from './merged-acks.ts';
import type { NodePeer } from './peer.ts';
import { createReplies } from './replies.ts';

/** Channels of `rabbitmq-client`, used by hand in the best way known: one merged ack a turn, no Nagle. */
export const rabbitmqClient: NodePeer = {
  runs: 'node',
  name: 'rabbitmq-client',
  title: 'rabbitmq-client, channels',
  packages: ['rabbitmq-client'],
  guarantee: {
    confirms: true,
    acks: 'many at once, after the handler',
    recovers: false,
  },
  cannot: {},
  formats: FORMATS,

  publisher: async ({ url, format }, queue) => {
    const channel = await open(url);
    await channel.confirmSelect();
    const { toBody, envelope } = bodies(format);
    const to = { ...envelope, routingKey: queue, mandatory: true, durable: true };
    return (task) => channel.basicPublish(to, toBody(task));
  },

  consumer: async ({ url, format }, queues, prefetch, handle) => {
    const channel = await open(url);
    const ack = mergedAcks<undefined>((deliveryTag) =>
      channel.basicAck({ deliveryTag, multiple: true }),
    );
    const { fromBody } = bodies(format);
    await channel.basicQos({ prefetchCount: prefetch });
    for (const queue of queues)
      await channel.basicConsume({ queue }, async (message) => {
        const handled = handle(fromBody(message.body));
        if (handled) await handled;
        ack(message.deliveryTag, undefined);
      });
  },

  callee: async ({ url, format }, methods, prefetch, method) => {
    const channel = await open(url);
    const ack = mergedAcks<undefined>((deliveryTag) =>
      channel.basicAck({ deliveryTag, multiple: true }),
    );
    const { toBody, fromBody, envelope } = bodies(format);
    await channel.basicQos({ prefetchCount: prefetch });
    for (const queue of methods)
      await channel.basicConsume({ queue }, async (message) => {
        const result = await method(fromBody(message.body));
        const { replyTo: routingKey = '', correlationId = '' } = message;
        await channel.basicPublish({ ...envelope, routingKey, correlationId }, toBody(result));
        ack(message.deliveryTag, undefined);
      });
  },

  caller: async ({ url, format }) => {
    const channel = await open(url);
    const { queue: replyTo } = await channel.queueDeclare({ exclusive: true, autoDelete: true });
    const replies = createReplies();
    const { toBody, fromBody, envelope } = bodies(format);
    await channel.basicConsume({ queue: replyTo, noAck: true }, (message) =>
      replies.settle(message.correlationId, fromBody(message.body)),
    );
    return (routingKey, args) =>
      replies.expect((correlationId) =>
        channel.basicPublish(
          { ...envelope, routingKey, mandatory: true, replyTo, correlationId },
          toBody(args),
        ),
      );
  },

  topic: async ({ url }, exchange, queue) => {
    const channel = await open(url);
    await channel.exchangeDeclare({ exchange, type: 'topic', autoDelete: true });
    await channel.confirmSelect();
    const body = Buffer.alloc(30);
    return {
      bind: async (routingKey) => void (await channel.queueBind({ queue, exchange, routingKey })),
      publish: (routingKey) =>
        channel.basicPublish({ exchange, routingKey, mandatory: true, durable: true }, body),
    };
  },
};

async function open(url: string): Promise<Channel> {
  const connection = new Connection({ url, noDelay: true, frameMax: 131_072 });
  connection.on('error', () => {}); // it tells of a cut, and connects again
  return connection.acquire();
}

/** JSON is the driver's own business; what else there is comes and goes as a `Buffer`. */
function bodies(format: Format): {
  readonly envelope: { readonly contentType?: string };
  toBody(value: unknown): unknown;
  fromBody(body: unknown): unknown;
} {
  const { contentType, encode, decode } = BYTES[format];
  if (format === 'json')
    return { envelope: {}, toBody: (value) => value, fromBody: (body) => body };
  return {
    envelope: { contentType },
    toBody: encode,
    fromBody: (body) => (Buffer.isBuffer(body) ? decode(body) : body),
  };
}

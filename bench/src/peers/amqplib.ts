import {
  type Channel,
  type ChannelModel,
  type ConsumeMessage,
  connect,
  type Message,
} from 'amqplib';
import { BYTES, FORMATS } from '../formats.ts';
import { mergedAcks } from './merged-acks.ts';
import type { Call, Handle, Method, NodePeer, Place, Publish, Topic } from './peer.ts';
import { createReplies } from './replies.ts';

/** As its users write it: an ack for each message. */
export const amqplib: NodePeer = peerWith({
  name: 'amqplib',
  title: 'amqplib',
  acks: (channel) => (message) => channel.ack(message),
  guarantee: 'one by one, after the handler',
});

/** The same with one ack a turn. */
export const amqplibMerged: NodePeer = peerWith({
  name: 'amqplib-merged',
  title: 'amqplib, merged acks',
  acks: (channel) => {
    const ack = mergedAcks<Message>((deliveryTag, latest) =>
      channel.ack({ ...latest, fields: { ...latest.fields, deliveryTag } }, true),
    );
    return (message) => ack(message.fields.deliveryTag, message);
  },
  guarantee: 'many at once, after the handler',
});

type Ack = (message: ConsumeMessage) => void;

function peerWith(way: {
  readonly name: string;
  readonly title: string;
  readonly acks: (channel: Channel) => Ack;
  readonly guarantee: string;
}): NodePeer {
  return {
    runs: 'node',
    name: way.name,
    title: way.title,
    packages: ['amqplib'],
    guarantee: {
      confirms: true,
      acks: way.guarantee,
      recovers: true,
      remark: 'recovery is asked for; a function sets channel and consumer up again',
    },
    cannot: {},
    formats: FORMATS,
    publisher,
    consumer: (at, queues, prefetch, handle) => subscribe(at, queues, prefetch, handle, way.acks),
    callee: (at, methods, prefetch, method) => serve(at, methods, prefetch, method, way.acks),
    caller,
    topic,
  };
}

async function publisher({ url, format }: Place, queue: string): Promise<Publish> {
  const { encode, contentType } = BYTES[format];
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  const options = { persistent: true, mandatory: true, contentType };
  return (task) =>
    new Promise((resolve, reject) => {
      channel.sendToQueue(queue, encode(task), options, settle(resolve, reject));
    });
}

/** With its own recovery, which asks for a function that sets everything up again. */
async function subscribe(
  { url, format }: Place,
  queues: readonly string[],
  prefetch: number,
  handle: Handle,
  acks: (channel: Channel) => Ack,
): Promise<void> {
  const { decode } = BYTES[format];
  const setup = async (connection: ChannelModel): Promise<void> => {
    const channel = await connection.createChannel();
    const ack = acks(channel);
    await channel.prefetch(prefetch);
    const consumer = async (message: ConsumeMessage | null): Promise<void> => {
      if (!message) return;
      const handled = handle(decode(message.content));
      if (handled) await handled;
      ack(message);
    };
    for (const queue of queues) await channel.consume(queue, consumer);
  };
  const connection = await connect(url, { noDelay: true, recovery: { setup } });
  connection.on('error', () => {}); // a cut that it recovers from
}

async function serve(
  { url, format }: Place,
  methods: readonly string[],
  prefetch: number,
  method: Method,
  acks: (channel: Channel) => Ack,
): Promise<void> {
  const { encode, decode, contentType } = BYTES[format];
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createChannel();
  const ack = acks(channel);
  await channel.prefetch(prefetch);
  const consumer = async (message: ConsumeMessage | null): Promise<void> => {
    if (!message) return;
    const { replyTo, correlationId } = message.properties;
    const result = await method(decode(message.content));
    channel.sendToQueue(replyTo, encode(result), { correlationId, contentType });
    ack(message);
  };
  for (const queue of methods) await channel.consume(queue, consumer);
}

async function caller({ url, format }: Place): Promise<Call> {
  const { encode, decode, contentType } = BYTES[format];
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createChannel();
  const { queue: replyTo } = await channel.assertQueue('', { exclusive: true });
  const replies = createReplies();
  const settleReply = (message: ConsumeMessage | null): void => {
    if (message) replies.settle(message.properties.correlationId, decode(message.content));
  };
  await channel.consume(replyTo, settleReply, { noAck: true });
  return (queue, args) =>
    replies.expect((correlationId) => {
      const options = { replyTo, correlationId, contentType, mandatory: true };
      channel.sendToQueue(queue, encode(args), options);
    });
}

async function topic({ url }: Place, exchange: string, queue: string): Promise<Topic> {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange(exchange, 'topic', { durable: false, autoDelete: true });
  const body = Buffer.alloc(30);
  return {
    bind: async (key) => void (await channel.bindQueue(queue, exchange, key)),
    publish: (key) =>
      new Promise((resolve, reject) => {
        const options = { persistent: true, mandatory: true };
        channel.publish(exchange, key, body, options, settle(resolve, reject));
      }),
  };
}

function settle(resolve: () => void, reject: (error: unknown) => void): (error: unknown) => void {
  return (error) => (error ? reject(error) : resolve());
}

import { AmqpError } from '../../base/amqp-error.ts';
import type { Queue } from '../../model/queue/queue.ts';
import type { Channel } from '../channel.ts';
import { REPLY_TO } from '../direct-replies.ts';
import { type Handlers, reply } from './handler.ts';
import { queueName } from './queue-name.ts';

type BasicMethods =
  | 'basic.qos'
  | 'basic.consume'
  | 'basic.cancel'
  | 'basic.cancel-ok'
  | 'basic.publish'
  | 'basic.get'
  | 'basic.ack'
  | 'basic.nack'
  | 'basic.reject'
  | 'basic.recover'
  | 'basic.recover-async';

/** The methods of class `basic`. */
export const basicHandlers: Handlers<BasicMethods> = {
  'basic.qos': (channel, { prefetchSize, prefetchCount, global }) => {
    if (prefetchSize !== 0) throw new AmqpError(540, `prefetch_size!=0 (${prefetchSize})`);
    const shared = global && channel.session.rules.globalQos === 'channel';
    channel.consumers.setPrefetch(prefetchCount, shared);
    channel.link.send('basic.qos-ok', {});
  },

  'basic.consume': (channel, fields) => {
    const { consumerTag: tag } = fields;
    if (tag !== '' && (channel.consumers.has(tag) || channel.reply.tag === tag)) {
      throw new AmqpError(530, `attempt to reuse consumer tag '${tag}'`);
    }
    const started = (consumerTag: string): void =>
      reply(channel, fields, 'basic.consume-ok', { consumerTag });
    if (fields.queue === REPLY_TO) return started(channel.reply.start(fields));
    const queue = readable(channel, fields.queue);
    refuseSharedPrefetch(channel, queue);
    channel.consumers.start(fields, queue, started);
  },

  'basic.cancel': (channel, fields) => {
    const { consumerTag } = fields;
    if (channel.reply.tag === consumerTag) channel.reply.cancel();
    else channel.consumers.cancel(consumerTag);
    reply(channel, fields, 'basic.cancel-ok', { consumerTag });
  },

  // A client may confirm that the broker took a consumer away; nothing waits for it.
  'basic.cancel-ok': () => {},

  'basic.publish': (channel, fields) => channel.assembly.begin(fields),

  'basic.get': (channel, fields) => channel.get(fields, readable(channel, fields.queue)),

  'basic.ack': (channel, { deliveryTag, multiple }) => channel.settle('ack', deliveryTag, multiple),

  'basic.nack': (channel, { deliveryTag, multiple, requeue }) =>
    channel.settle(requeue ? 'nack' : 'discard by nack', deliveryTag, multiple),

  'basic.reject': (channel, { deliveryTag, requeue }) =>
    channel.settle(requeue ? 'reject' : 'discard by reject', deliveryTag, false),

  'basic.recover': (channel, { requeue }) => {
    checkRequeue(requeue);
    channel.link.send('basic.recover-ok', {});
    channel.recover();
  },

  'basic.recover-async': (channel, { requeue }) => {
    checkRequeue(requeue);
    channel.recover();
  },
};

/** A queue that the user may read. */
function readable(channel: Channel, name: string): Queue {
  const { session } = channel;
  const queue = queueName(channel, name);
  session.authorize('read', queue);
  return session.vhost.queue(queue, session.owner);
}

function refuseSharedPrefetch(channel: Channel, { name, arguments: { type } }: Queue): void {
  if (type !== 'quorum' || !channel.consumers.sharesPrefetch) return;
  const { vhost } = channel.session;
  throw new AmqpError(540, `queue '${name}' in vhost '${vhost.name}' does not support global qos`);
}

function checkRequeue(requeue: boolean): void {
  if (!requeue) throw new AmqpError(540, 'requeue=false');
}

import { AmqpError } from '../../base/amqp-error.ts';
import type { Queue } from '../../model/queue/queue.ts';
import type { MethodFields } from '../../wire/methods.ts';
import type { Channel } from '../channel.ts';
import { isReplyAddress, REPLY_TO } from '../direct-replies.ts';
import { type Handlers, reply } from './handler.ts';
import { queueName } from './queue-name.ts';

type QueueMethods =
  | 'queue.declare'
  | 'queue.bind'
  | 'queue.unbind'
  | 'queue.purge'
  | 'queue.delete';

/** The methods of class `queue`. */
export const queueHandlers: Handlers<QueueMethods> = {
  'queue.declare': (channel, fields) => {
    if (isReplyAddress(fields.queue)) return declareReplyAddress(channel, fields);
    const queue = fields.passive ? check(channel, fields) : declare(channel, fields);
    channel.lastQueue = queue.name;
    const { name, messageCount, consumerCount } = queue;
    reply(channel, fields, 'queue.declare-ok', { queue: name, messageCount, consumerCount });
  },

  'queue.bind': (channel, fields) => {
    const { session } = channel;
    const { queue, routingKey } = authorizedBinding(channel, fields);
    const { exchange, arguments: args } = fields;
    session.vhost.bindQueue(queue, exchange, routingKey, args, session.owner);
    reply(channel, fields, 'queue.bind-ok', {});
  },

  'queue.unbind': (channel, fields) => {
    const { session } = channel;
    const { queue, routingKey } = authorizedBinding(channel, fields);
    const { exchange, arguments: args } = fields;
    session.vhost.unbindQueue(queue, exchange, routingKey, args, session.owner);
    channel.link.send('queue.unbind-ok', {});
  },

  'queue.purge': (channel, fields) => {
    const { session } = channel;
    const queue = queueName(channel, fields.queue);
    session.authorize('read', queue);
    const messageCount = session.vhost.purgeQueue(queue, session.owner);
    reply(channel, fields, 'queue.purge-ok', { messageCount });
  },

  'queue.delete': (channel, fields) => {
    const { session } = channel;
    const queue = queueName(channel, fields.queue);
    session.authorize('configure', queue);
    // Whoever deletes what it consumes hears of the one before the other.
    session.vhost.deleteQueue(queue, fields, session.owner, (messageCount) => {
      reply(channel, fields, 'queue.delete-ok', { messageCount });
    });
  },
};

function check(channel: Channel, fields: MethodFields<'queue.declare'>): Queue {
  const { session } = channel;
  return session.vhost.checkQueue(fields.queue, session.owner);
}

function declare(channel: Channel, fields: MethodFields<'queue.declare'>): Queue {
  const { vhost, owner, authorize } = channel.session;
  const { queue: name, passive: _, noWait: __, ...declaration } = fields;
  return vhost.declareQueue({ name, ...declaration }, owner, authorize);
}

/** Direct reply-to has no queues, but clients may ask whether somebody is behind an address. */
function declareReplyAddress(channel: Channel, fields: MethodFields<'queue.declare'>): void {
  const { queue } = fields;
  const { vhost, replies } = channel.session;
  if (queue !== REPLY_TO && replies.find(queue) === undefined) {
    throw new AmqpError(404, `no queue '${queue}' in vhost '${vhost.name}'`);
  }
  reply(channel, fields, 'queue.declare-ok', { queue, messageCount: 0, consumerCount: 1 });
}

/** The queue and routing key of a binding, once the user may write to the queue and read from the exchange. */
function authorizedBinding(
  channel: Channel,
  fields: { readonly queue: string; readonly exchange: string; readonly routingKey: string },
): { readonly queue: string; readonly routingKey: string } {
  const queue = queueName(channel, fields.queue);
  channel.session.authorize('write', queue);
  channel.session.authorize('read', fields.exchange);
  // Both left empty: the routing key is the name of the queue (AMQP 0-9-1, queue.bind).
  const named = fields.queue !== '' || fields.routingKey !== '';
  return { queue, routingKey: named ? fields.routingKey : queue };
}

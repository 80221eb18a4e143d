import { AmqpError } from '../../base/amqp-error.ts';
import type { Channel } from '../channel.ts';

/**
 * The queue that a method means: an empty name stands for the one that the channel declared last.
 *
 * @throws AmqpError 404 where it declared none
 */
export function queueName(channel: Channel, name: string): string {
  if (name !== '') return name;
  if (channel.lastQueue !== undefined) return channel.lastQueue;
  throw new AmqpError(404, 'no previously declared queue');
}

import type { Channel, Queue } from '@leveret/core';
import { deadQueueOf } from './letter.ts';

/**
 * Quorum queues of RabbitMQ 4 drop what came back more than 20 times, and looking at dead letters is such a coming
 * back. As many as a signed integer holds is no limit, in any version.
 */
const NO_LIMIT = 2 ** 31 - 1;

/** Declares the queue that keeps the dead letters of a task, of the type of the task's own queue. */
export function declareDeadQueue(
  channel: Channel,
  task: string,
  isQuorum: boolean,
): Promise<Queue> {
  const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': NO_LIMIT };
  return channel.declareQueue(deadQueueOf(task), {
    durable: true,
    ...(isQuorum ? { arguments: quorum } : {}),
  });
}

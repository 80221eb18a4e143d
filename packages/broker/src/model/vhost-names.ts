import { randomBytes } from 'node:crypto';
import { AmqpError } from '../base/amqp-error.ts';

/** RabbitMQ takes line breaks out of the names of exchanges and queues. */
export function withoutLineBreaks(name: string): string {
  return name.replaceAll(/[\r\n]/g, '');
}

/**
 * Throws for a name that only the broker may give.
 *
 * @throws AmqpError 403
 */
export function checkNotReserved(kind: 'exchange' | 'queue', name: string): void {
  if (!name.startsWith('amq.')) return;
  throw new AmqpError(403, `${kind} name '${name}' contains reserved prefix 'amq.*'`);
}

/** A name for a queue that came without one: `amq.gen-` and 22 letters that nobody can guess. */
export function generateQueueName(): string {
  return `amq.gen-${randomBytes(16).toString('base64url')}`;
}

import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { checkClosing } from '../../amqp/closing.ts';
import { DEADLINE_MS } from '../../amqp/mailbox.ts';
import type { Method, Methods } from '../../amqp/methods.ts';
import { deadline } from '../../deadline.ts';
import type { Bench } from './bench.ts';

/** Declares an exclusive queue that is bound so, and gives its name. */
export async function boundQueue(
  channel: AmqpChannel,
  bench: Bench,
  binding: Omit<Methods['queue.bind'], 'queue'>,
): Promise<string> {
  const queue = await bench.queue(channel);
  await channel.call('queue.bind', { ...binding, queue });
  return queue;
}

/** Takes all messages that are ready in a queue, and gives their bodies. */
export async function drain(channel: AmqpChannel, queue: string): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (message === undefined) return bodies;
    bodies.push(message.text);
  }
}

/** What was sent last must close the channel, with that code for that method. It is opened again. */
export async function expectRefusal(
  channel: AmqpChannel,
  replyCode: number,
  method: Method,
): Promise<void> {
  await channel.expectClose(replyCode, method);
  await channel.call('channel.open');
}

/** There must be no queue of that name. Asking closes the channel, which is opened again. */
export async function expectNoQueue(channel: AmqpChannel, queue: string): Promise<void> {
  channel.send('queue.declare', { queue, passive: true });
  await expectRefusal(channel, 404, 'queue.declare');
}

/** There must be no exchange of that name. Asking closes the channel, which is opened again. */
export async function expectNoExchange(channel: AmqpChannel, exchange: string): Promise<void> {
  channel.send('exchange.declare', { exchange, passive: true });
  await expectRefusal(channel, 404, 'exchange.declare');
}

/**
 * Waits until an exchange is gone, which a client is not told of: asks until there is none. A queue that expires cannot be
 * asked so, since to be asked is to be used; let it be what an exchange that is deleted automatically routes to.
 */
export async function untilNoExchange(channel: AmqpChannel, exchange: string): Promise<void> {
  await deadline(askUntilGone(channel, exchange), DEADLINE_MS, 'the end of the exchange');
  channel.send('channel.close-ok');
  await channel.call('channel.open');
}

async function askUntilGone(channel: AmqpChannel, exchange: string): Promise<void> {
  for (;;) {
    channel.send('exchange.declare', { exchange, passive: true });
    const answer = await channel.nextOfAny();
    if (answer.method === 'channel.close') return checkClosing(answer, 404, 'exchange.declare');
    assert.equal(answer.method, 'exchange.declare-ok');
  }
}

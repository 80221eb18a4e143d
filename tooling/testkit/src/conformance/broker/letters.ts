import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { AmqpChannel } from '../../amqp/channel.ts';
import type { Arrived, Content, Methods } from '../../amqp/methods.ts';
import { encodeTable, type Table } from '../../amqp/values.ts';
import { type Bench, consume } from './bench.ts';

/** A queue, and the one that its dead letters go to. */
export interface Mortal {
  readonly queue: string;
  readonly dead: string;
}

/** The fields of an exclusive queue whose dead letters go to the queue `dead`, through the default exchange. */
export function dyingInto(
  dead: string,
  more: Table = {},
): Pick<Methods['queue.declare'], 'exclusive' | 'arguments'> {
  return {
    exclusive: true,
    arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead, ...more },
  };
}

/** A queue with these arguments; `channel` consumes its dead letters and acks none of them. */
export async function mortalQueue(
  channel: AmqpChannel,
  bench: Bench,
  more: Table = {},
): Promise<Mortal> {
  const dead = await bench.queue(channel);
  const queue = await bench.queue(channel, dyingInto(dead, more));
  await consume(channel, dead, { noAck: true });
  return { queue, dead };
}

/**
 * Waits until a message published now with this expiration, in milliseconds, has expired. What was to expire until then
 * has done so too, in queues where it could.
 */
export async function expiry(bench: Bench, ms: number): Promise<void> {
  const channel = await bench.channel();
  const { queue } = await mortalQueue(channel, bench);
  channel.publish({ routingKey: queue, properties: { expiration: String(ms) } });
  await channel.next('basic.deliver');
}

/** One entry of `x-death`, as far as all of them have it. */
export interface Death {
  readonly count: number;
  readonly reason: string;
  readonly queue: string;
  readonly exchange: string;
  readonly 'routing-keys': readonly string[];
}

/** The entries of `x-death`, newest first, without their times. */
export function deathsOf(message: Content): Death[] {
  return timedDeathsOf(message).map(({ time: _, ...death }) => death);
}

/** The times of the entries of `x-death`, newest first, in seconds since 1970. */
export function timesOf(message: Content): number[] {
  return timedDeathsOf(message).map(({ time }) => time);
}

function timedDeathsOf({ properties }: Content): (Death & { readonly time: number })[] {
  const deaths = properties.headers?.['x-death'];
  assert.ok(Array.isArray(deaths), 'the message has no list x-death');
  return deaths;
}

/** The headers of this message must hold these entries, at any depth, with exactly these types. */
export function assertTyped(message: Content | undefined, entries: Table): void {
  assert.ok(message, 'there is no message');
  const { rawProperties, properties } = message;
  for (const [name, value] of Object.entries(entries)) {
    const bytes = encodeTable({ [name]: value }).subarray(4);
    assert.ok(
      rawProperties.includes(bytes),
      `${name} is another one: ${inspect(properties, { depth: 5 })}`,
    );
  }
}

/** Takes a message off a queue, which must hold one. */
export async function getOne(
  channel: AmqpChannel,
  queue: string,
): Promise<Arrived<'basic.get-ok'>> {
  const message = await channel.get(queue);
  assert.ok(message, 'the queue is empty');
  return message;
}

/** Takes a message off a queue, which must hold one, and rejects it; it is not requeued unless that is said. */
export async function rejectOne(
  channel: AmqpChannel,
  queue: string,
  requeue = false,
): Promise<Arrived<'basic.get-ok'>> {
  const message = await getOne(channel, queue);
  channel.send('basic.reject', { deliveryTag: message.deliveryTag, requeue });
  return message;
}

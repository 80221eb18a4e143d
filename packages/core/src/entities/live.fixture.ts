import { uniqueName } from '@leveret/testkit/vitest';
import type { LeveretErrorCode } from '../errors/codes.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import type { OutgoingMessage } from '../message/message.ts';
import type { Channel } from './channel.ts';
import { type Connection, connect } from './connection.ts';
import type { Queue } from './queue.ts';

/** A message with a text for a body. */
export function text(body: string): OutgoingMessage {
  return { body: Buffer.from(body) };
}

/** The text of a body. */
export function textOf(message: { readonly body: Uint8Array } | undefined): string | undefined {
  return message && Buffer.from(message.body).toString();
}

/** What a promise rejects with, which must be ours. */
export async function errorOf(promise: Promise<unknown>): Promise<LeveretError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof LeveretError) return outcome;
  throw outcome ?? new Error('it resolved');
}

/** The code that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<LeveretErrorCode> {
  return (await errorOf(promise)).code;
}

/** A connection and a channel, closed together. */
export interface Pair extends AsyncDisposable {
  readonly connection: Connection;
  readonly channel: Channel;
}

/** Opens both. */
export async function openPair(...target: Parameters<typeof connect>): Promise<Pair> {
  const connection = await connect(...target);
  const channel = await connection.channel();
  return { connection, channel, [Symbol.asyncDispose]: () => connection.close() };
}

/** A queue of this connection alone. */
export function privateQueue(channel: Channel, prefix = 'private'): Promise<Queue> {
  return channel.declareQueue(uniqueName(prefix), { exclusive: true });
}

/** Publishes texts to a queue, in order. */
export async function fill(channel: Channel, queue: Queue, ...bodies: string[]): Promise<void> {
  await Promise.all(bodies.map((body) => channel.defaultExchange.publish(text(body), queue.name)));
}

/** Messages that are ready in a queue. */
export async function ready(channel: Channel, queue: Queue): Promise<number> {
  return (await channel.getQueue(queue.name)).messageCount;
}

/** Whether a timer has fired or was cleared. */
export function isOver(timer: NodeJS.Timeout): boolean {
  return Reflect.get(timer, '_destroyed') === true;
}

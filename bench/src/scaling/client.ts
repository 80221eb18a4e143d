import { type Channel, type Connection, connect, type Queue, type QueueType } from '@leveret/core';
import { inParallel } from '../run/lanes.ts';

/** A connection with a channel, closed together. */
export interface Client extends AsyncDisposable {
  readonly connection: Connection;
  readonly channel: Channel;
}

/** Opens both. Of several URLs each is a node of one cluster. */
export async function openClient(url: string | readonly string[]): Promise<Client> {
  const connection = await connect(url);
  const channel = await connection.channel();
  return { connection, channel, [Symbol.asyncDispose]: () => connection.close() };
}

let queues = 0;

/** A queue of a measurement, under a name of its own, deleted afterwards. */
export async function withQueue<T>(
  channel: Channel,
  queueType: QueueType,
  use: (queue: Queue) => Promise<T>,
): Promise<T> {
  const name = `leveret.bench.scaling.${process.pid}.${queues++}`;
  const queue = await channel.declareQueue(name, { queueType });
  try {
    return await use(queue);
  } finally {
    await queue.delete();
  }
}

/** Publishes `count` messages of `size` bytes, `width` of them under way at once, and waits for all confirms. */
export function publishAll(
  channel: Channel,
  { name }: Queue,
  count: number,
  width: number,
  size = 30,
): Promise<void> {
  const body = Buffer.alloc(size, 'x');
  return inParallel(count, width, () => channel.defaultExchange.publish({ body }, name));
}

/** Takes `count` messages off a queue and acknowledges each. */
export async function consumeAll(
  channel: Channel,
  { name }: Queue,
  count: number,
  prefetch: number,
): Promise<void> {
  const queue = await channel.getQueue(name, { ensure: false });
  let left = count;
  let finish = (): void => {};
  const all = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const consumer = await queue.consume(
    (message) => {
      message.ack();
      if (--left === 0) finish();
    },
    { prefetch },
  );
  await all;
  await consumer.close();
}

import type { AmqpChannel } from '../../amqp/channel.ts';
import type { Table } from '../../amqp/values.ts';
import { type Bench, consume } from './bench.ts';
import type { Mortal } from './letters.ts';

/** Declares a quorum queue with these arguments and gives its name. It is deleted behind the case. */
export async function quorumQueue(
  channel: AmqpChannel,
  bench: Bench,
  more: Table = {},
): Promise<string> {
  const table = { 'x-queue-type': 'quorum', ...more };
  return await bench.queue(channel, { durable: true, arguments: table });
}

/** A quorum queue with these arguments; `channel` consumes its dead letters and acks none of them. */
export async function mortalQuorumQueue(
  channel: AmqpChannel,
  bench: Bench,
  more: Table = {},
): Promise<Mortal> {
  const dead = await bench.queue(channel);
  const queue = await quorumQueue(channel, bench, {
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': dead,
    ...more,
  });
  await consume(channel, dead, { noAck: true });
  return { queue, dead };
}

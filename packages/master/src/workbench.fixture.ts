// What the tests of this package set up again and again.
import { jsonCodec } from '@leveret/codec-json';
import {
  type Channel,
  type ChannelOptions,
  type Connection,
  connect,
  type LeveretEvent,
  type Queue,
} from '@leveret/core';
import { createInbox, type Inbox } from '@leveret/testkit';
import { uniqueName } from '@leveret/testkit/vitest';
import { onTestFinished } from 'vitest';
import { Master } from './master.ts';
import type { AnyTasks } from './types.ts';

/** A connection of a test's own, with a channel and a master on it, closed when the test ends. */
export interface Workbench<Tasks extends object> {
  readonly connection: Connection;
  readonly channel: Channel;
  readonly master: Master<Tasks>;
  /** What the connection reported. */
  readonly events: Inbox<LeveretEvent>;
}

/** Opens a workbench. */
export async function openWorkbench<Tasks extends object = AnyTasks>(
  url: string,
  options: ChannelOptions = {},
): Promise<Workbench<Tasks>> {
  const connection = await connect(url, { connectTimeout: 10_000 });
  onTestFinished(() => connection.close());
  const events = createInbox<LeveretEvent>('an event of the connection');
  connection.on('event', events.push);
  const channel = await connection.channel(options);
  return {
    connection,
    channel,
    events,
    master: new Master<Tasks>(channel, { codec: jsonCodec() }),
  };
}

/** A queue where the messages that another queue rejects arrive, and the arguments for that other queue. */
export async function deadLetters(channel: Channel): Promise<{
  readonly queue: Queue;
  readonly arguments: Readonly<Record<string, string>>;
}> {
  const queue = await channel.declareQueue(uniqueName('dead'), { exclusive: true });
  return {
    queue,
    arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue.name },
  };
}

/** Deletes the queue of a task and that of its dead letters when the test ends, whatever became of its connections. */
export function deleteTaskInTheEnd(url: string, name: string): void {
  onTestFinished(async () => {
    const { channel } = await openWorkbench(url);
    for (const queue of [name, `${name}.dead`])
      await (await channel.getQueue(queue, { ensure: false })).delete();
  });
}

/** Shows the tasks that workers on a connection give up and keep. */
export function showBuried(connection: Connection): Inbox<LeveretEvent> {
  const buried = createInbox<LeveretEvent>('a dead letter');
  connection.on('event', (event) => {
    if (event.type === 'task-dead-lettered') buried.push(event);
  });
  return buried;
}

/**
 * Closes the workbench's channel, so that whatever it did not settle goes back, and gives how many messages the queue
 * holds then.
 */
export async function leftIn(
  queue: string,
  { connection, channel }: { readonly connection: Connection; readonly channel: Channel },
): Promise<number> {
  await channel.close();
  const { messageCount } = await (await connection.channel()).getQueue(queue);
  return messageCount;
}

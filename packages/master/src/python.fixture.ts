// What the tests with Python set up again and again.
import type { Channel, IncomingMessage } from '@leveret/core';
import { createInbox, type Inbox } from '@leveret/testkit';
import type { Master } from './master.ts';
import type { TaskContext, WorkerOptions } from './types.ts';
import { deadLetters } from './workbench.fixture.ts';

/** How long to wait for Python, which takes a while to start. */
export const WAIT = 20_000;

/** A task that came. */
export interface WorkedTask {
  readonly payload: unknown;
  readonly context: TaskContext;
}

/** A worker that does nothing but show its tasks. Its queue goes with it. */
export async function showTasks(
  master: Master,
  name: string,
  options: WorkerOptions = {},
): Promise<Inbox<WorkedTask>> {
  const tasks = createInbox<WorkedTask>('a task');
  const show = (payload: unknown, context: TaskContext): void => tasks.push({ payload, context });
  await master.createWorker(name, show, { autoDelete: true, ...options });
  return tasks;
}

/** The payloads of the next tasks. */
export async function payloads(tasks: Inbox<WorkedTask>, count: number): Promise<unknown[]> {
  return (await tasks.take(count, WAIT)).map(({ payload }) => payload);
}

/** Shows the messages that a queue rejects, which is declared with these arguments. */
export async function showDeadLetters(channel: Channel): Promise<{
  readonly dead: Inbox<IncomingMessage>;
  readonly arguments: Readonly<Record<string, string>>;
}> {
  const { queue, arguments: queueArguments } = await deadLetters(channel);
  const dead = createInbox<IncomingMessage>('a dead letter');
  await queue.consume(dead.push, { noAck: true });
  return { dead, arguments: queueArguments };
}

/** What the next dead letters hold, sorted. */
export async function deadPayloads(
  dead: Inbox<IncomingMessage>,
  count: number,
): Promise<readonly string[]> {
  return (await dead.take(count, WAIT)).map(({ body }) => Buffer.from(body).toString()).sort();
}

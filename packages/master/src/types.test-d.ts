import { jsonCodec } from '@leveret/codec-json';
import type { Channel, HeaderTable, IncomingMessage, Queue } from '@leveret/core';
import { expectTypeOf } from 'vitest';
import { Master, type TaskContext, type TaskHandler, type Worker } from './index.ts';

type Tasks = {
  my_task_name: { task_id: number };
  'mail.send': { to: string; copy?: string };
  'mail.send.later': { at: Date };
  tick: Record<never, never>;
  maybe: { verbose?: boolean };
};
interface AsInterface {
  resize: { url: string };
}

declare const channel: Channel;
const codec = jsonCodec();
const master = new Master<Tasks>(channel, { codec });
const untyped = new Master(channel, { codec });

// Creating tasks
expectTypeOf(master.createTask('my_task_name', { task_id: 1 })).toEqualTypeOf<Promise<void>>();
expectTypeOf(master.createTask('mail.send', { to: 'you' }, { priority: 5 })).resolves.toBeVoid();
expectTypeOf(new Master<AsInterface>(channel, { codec }).proxy.resize).parameter(0).toEqualTypeOf<{
  url: string;
}>();
// @ts-expect-error there is no such task
void master.createTask('my_task', { task_id: 1 });
// @ts-expect-error the payload lacks an argument
void master.createTask('my_task_name', {});
// @ts-expect-error an argument is of another type
void master.createTask('my_task_name', { task_id: '1' });
// @ts-expect-error there is no such argument
void master.createTask('my_task_name', { task_id: 1, other: 2 });
// @ts-expect-error the payload may not be left out
void master.createTask('my_task_name');
// @ts-expect-error there is no such option
void master.createTask('my_task_name', { task_id: 1 }, { prioritty: 5 });
// @ts-expect-error an option is of another type
void master.createTask('my_task_name', { task_id: 1 }, { priority: '5' });
// @ts-expect-error who answers is no business of a task
void master.createTask('my_task_name', { task_id: 1 }, { replyTo: 'queue' });

// A payload may be left out where {} will do
void master.createTask('tick');
void master.createTask('maybe');
void master.createTask('maybe', { verbose: true });
void master.proxy.tick();
void master.proxy.maybe(undefined, { priority: 1 });
// @ts-expect-error even so it has its type
void master.createTask('maybe', { verbose: 1 });

// The proxy
expectTypeOf(master.proxy.my_task_name({ task_id: 1 })).toEqualTypeOf<Promise<void>>();
void master.proxy.my_task_name({ task_id: 1 }, { headers: { a: 1 }, timeout: 10 });
void master.proxy.mail.send({ to: 'you' });
void master.proxy.mail.send.later({ at: new Date() });
// @ts-expect-error there is no such task
void master.proxy.other;
// @ts-expect-error a part of a name is no task
void master.proxy.mail({ to: 'you' });
// @ts-expect-error there is no such task below
void master.proxy.mail.receive;
// @ts-expect-error an argument is of another type
void master.proxy.mail.send({ to: 1 });
// @ts-expect-error the payload may not be left out
void master.proxy.mail.send();
// @ts-expect-error it cannot be written to
master.proxy.tick = async () => {};
expectTypeOf(master.proxy).not.toHaveProperty('then');

// Queues
expectTypeOf(master.createQueue('tick', { durable: false })).toEqualTypeOf<Promise<Queue>>();
// @ts-expect-error there is no such task
void master.createQueue('tock');
// @ts-expect-error there is no such option
void master.createQueue('tick', { duarble: false });

// Workers
expectTypeOf(
  master.createWorker('mail.send', (payload, context) => {
    expectTypeOf(payload).toEqualTypeOf<{ to: string; copy?: string }>();
    expectTypeOf(context).toEqualTypeOf<TaskContext>();
    expectTypeOf(context.message).toEqualTypeOf<IncomingMessage>();
    expectTypeOf(context.headers).toEqualTypeOf<HeaderTable>();
    expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(context.attempt).toBeNumber();
    expectTypeOf(context.redelivered).toBeBoolean();
  }),
).toEqualTypeOf<Promise<Worker>>();
void master.createWorker('my_task_name', async ({ task_id }) => task_id.toFixed());
void master.createWorker('tick', () => {}, { autoDelete: true, prefetch: 50, requeue: false });
const takesNumber: TaskHandler<{ task_id: number }> = ({ task_id }) => task_id + 1;
void master.createWorker('my_task_name', takesNumber);
// @ts-expect-error there is no such task
void master.createWorker('my_task', () => {});
// @ts-expect-error the handler is of another task
void master.createWorker('mail.send', takesNumber);
// @ts-expect-error there is no such argument
void master.createWorker('my_task_name', ({ id }) => id);
// @ts-expect-error there is no such option
void master.createWorker('tick', () => {}, { prefetched: 50 });
// @ts-expect-error it acknowledges by itself
void master.createWorker('tick', () => {}, { noAck: true });

// Without a type argument
expectTypeOf(untyped.createTask).parameter(0).toBeString();
void untyped.createTask('anything', { at: 'all' }, { priority: 1 });
void untyped.createTask('anything');
void untyped.proxy['anything']?.({ at: 'all' });
void untyped.proxy['mail']?.['send']?.['later']?.({ at: 'all' });
void untyped.createWorker('anything', (payload) => {
  expectTypeOf(payload).toBeUnknown();
});
// @ts-expect-error an unknown payload has no known arguments
void untyped.createWorker('anything', ({ task_id }) => task_id);
// @ts-expect-error there is no such option
void untyped.createTask('anything', {}, { prioritty: 5 });

// Options of a master
// @ts-expect-error a codec has to be given
void new Master(channel, {});
void new Master(channel, { codec, accept: [codec], requeue: false, rejectOnRedelivered: true });
// @ts-expect-error a map of tasks is an object
void new Master<string>(channel, { codec });

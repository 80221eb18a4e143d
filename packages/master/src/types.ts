import type {
  ConsumeOptions,
  HeaderTable,
  IncomingMessage,
  MethodProxy,
  OutgoingMessage,
  PublishOptions,
  QueueOptions,
} from '@leveret/core';
import type { HandleMiddleware } from './middleware/middleware.ts';
import type { RateLimit } from './middleware/rate-limit.ts';
import type { RetryOptions } from './middleware/retry.ts';
import type { StuckPolicy } from './middleware/timeout.ts';

/** Tasks by any name with any payload: what a `Master` without a type argument knows. */
export interface AnyTasks {
  readonly [name: string]: unknown;
}

/** Names of the tasks of a map. */
export type TaskName<Tasks> = keyof Tasks & string;

/** Arguments after the name: the payload may be left out where `{}` is one. */
export type TaskArguments<Payload> = [Record<never, never>] extends [Payload]
  ? [payload?: Payload, options?: TaskOptions]
  : [payload: Payload, options?: TaskOptions];

/** Creates one kind of task. */
export type CreateTask<Payload> = (...args: TaskArguments<Payload>) => Promise<void>;

/** A proxy for tasks of any name. */
export interface AnyTaskProxy extends CreateTask<unknown> {
  readonly [name: string]: AnyTaskProxy;
}

/** Tasks as methods, dotted names as nested ones. */
export type TaskProxy<Tasks> = string extends keyof Tasks
  ? { readonly [name: string]: AnyTaskProxy }
  : MethodProxy<{ [Name in keyof Tasks]: CreateTask<Tasks[Name]> }>;

/** How one task is created: properties of its message, when it is due, and how it is published. */
export interface TaskOptions
  extends Pick<
      OutgoingMessage,
      'priority' | 'expiration' | 'messageId' | 'timestamp' | 'type' | 'appId' | 'deliveryMode'
    >,
    Pick<PublishOptions, 'timeout'> {
  /** Headers of the message. */
  readonly headers?: HeaderTable;
  /**
   * Milliseconds until it is in its queue, from 0 to 400 days: it waits in the broker, and comes at most 600 ms after
   * its time but never before. Its queue need not be there until then.
   */
  readonly delay?: number;
  /** The same as a date; one that has passed is no delay. */
  readonly at?: Date;
}

/** What a handler learns of a task besides its payload. */
export interface TaskContext {
  /** Name of the task. */
  readonly name: string;
  /** What the handler is given. */
  readonly payload: unknown;
  /** The message itself. A handler may settle it; otherwise that follows from how the handler ends. */
  readonly message: IncomingMessage;
  /** Headers of the message, without those that begin with `leveret-`. */
  readonly headers: HeaderTable;
  /** Aborts when its `timeout` is over, when the worker gives up waiting for the handler, or the task will be delivered again. */
  readonly signal: AbortSignal;
  /** Whether the task was delivered before. */
  readonly redelivered: boolean;
  /**
   * Which try this is, from 1. Workers that retry count, and quorum queues do (`x-delivery-count`); of classic queues only
   * `redelivered` is known, so 2 means two or more.
   */
  readonly attempt: number;
  /** For middleware: a context of the same task with another payload or signal, to go on with. */
  with(changes: ContextChanges): TaskContext;
}

/** What middleware may change for what comes after it. */
export interface ContextChanges {
  /** Another payload, still an object. */
  readonly payload?: unknown;
  /** Another signal; it should abort when the one before does (`AbortSignal.any`). */
  readonly signal?: AbortSignal;
}

/** Works one task off; what it returns is ignored, what it throws decides what becomes of the task. */
export type TaskHandler<Payload> = (payload: Payload, context: TaskContext) => unknown;

/** What becomes of a task whose handler throws; as in aio-pika. */
export interface FailureOptions {
  /** Put it back to the queue. Default true. */
  readonly requeue?: boolean;
  /** Reject it without requeue when it was delivered before. Default false. */
  readonly rejectOnRedelivered?: boolean;
}

/** How the tasks of a worker are delivered. */
export type ConsumeRules = Pick<
  ConsumeOptions,
  'prefetch' | 'concurrency' | 'drainTimeout' | 'arguments'
>;

/** How a worker works: its queue, its consumer, and what becomes of failed tasks. */
export interface WorkerOptions
  extends Omit<QueueOptions, 'timeout'>,
    FailureOptions,
    Pick<ConsumeOptions, 'prefetch' | 'concurrency' | 'drainTimeout'> {
  /** Arguments of the consumer, such as `x-priority`; `arguments` are those of the queue. */
  readonly consumerArguments?: HeaderTable;
  /** Have failed tasks tried again after a wait in the broker; a number is that of attempts in all. */
  readonly retry?: number | RetryOptions;
  /**
   * Keep tasks that are given up in the queue `<task>.dead`, with what went wrong. Default: true where there is
   * `retry`, else false.
   */
  readonly deadLetters?: boolean;
  /** Milliseconds that a handler may take before its `signal` aborts. Default: no bound. */
  readonly timeout?: number;
  /** Milliseconds from then on that a handler has to end before it counts as stuck. Default 1000. */
  readonly timeoutGrace?: number;
  /**
   * What becomes of the task of a stuck handler: `fail`, the default, takes it for one whose handler threw `TIMEOUT`;
   * `reject` gives it up, `requeue` puts it back.
   */
  readonly onStuck?: StuckPolicy;
  /** How many handlers may be stuck before the worker takes no more tasks and is no longer live. Default 100. */
  readonly maxStuck?: number;
  /** How many tasks may start in how long. Default: no bound. */
  readonly rateLimit?: RateLimit;
  /** What stands between a task and the handler, outermost first; within that of the `Master`. */
  readonly middleware?: readonly HandleMiddleware[];
  /** Identity of the worker, for dead letters. Default: host, process and a number. */
  readonly workerId?: string;
}

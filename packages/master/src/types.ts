import type {
  ConsumeOptions,
  HeaderTable,
  IncomingMessage,
  MethodProxy,
  OutgoingMessage,
  PublishOptions,
  QueueOptions,
} from '@leveret/core';

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

/** How one task is created: properties of its message, and how it is published. */
export interface TaskOptions
  extends Pick<
      OutgoingMessage,
      'priority' | 'expiration' | 'messageId' | 'timestamp' | 'type' | 'appId' | 'deliveryMode'
    >,
    Pick<PublishOptions, 'timeout'> {
  /** Headers of the message. */
  readonly headers?: HeaderTable;
}

/** What a handler learns of a task besides its payload. */
export interface TaskContext {
  /** Name of the task. */
  readonly name: string;
  /** The message itself. A handler may settle it; otherwise that follows from how the handler ends. */
  readonly message: IncomingMessage;
  /** Headers of the message. */
  readonly headers: HeaderTable;
  /** Aborts when the worker gives up waiting for the handler, or the task will be delivered again. */
  readonly signal: AbortSignal;
  /** Whether the task was delivered before. */
  readonly redelivered: boolean;
  /**
   * Which try this is, from 1. Quorum queues count (`x-delivery-count`); of classic queues only
   * `redelivered` is known, so 2 means two or more.
   */
  readonly attempt: number;
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

/** How a worker works: its queue, its consumer, and what becomes of failed tasks. */
export interface WorkerOptions
  extends Omit<QueueOptions, 'timeout'>,
    FailureOptions,
    Pick<ConsumeOptions, 'prefetch' | 'concurrency' | 'drainTimeout'> {
  /** Arguments of the consumer, such as `x-priority`; `arguments` are those of the queue. */
  readonly consumerArguments?: HeaderTable;
}

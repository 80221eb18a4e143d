import {
  type Channel,
  type CodecOptions,
  CodecSet,
  methodProxy,
  type Queue,
  type QueueOptions,
  type QueueType,
  systemClock,
} from '@leveret/core';
import { assemble } from './assemble.ts';
import { type BatchOptions, type BatchOutcome, createBatch, type Payloads } from './batch.ts';
import { TaskCreator } from './creator.ts';
import { DeadLetters } from './dead-letters/dead-letters.ts';
import { declareDeadQueue } from './dead-letters/queue.ts';
import { Delays } from './delay/delays.ts';
import type { HandleMiddleware, Middleware } from './middleware/middleware.ts';
import {
  checkChannel,
  checkFunction,
  checkOptions,
  checkQueueType,
  checkTaskName,
} from './options.ts';
import { isPayloadOf } from './payload.ts';
import type {
  AnyTasks,
  FailureOptions,
  TaskArguments,
  TaskHandler,
  TaskName,
  TaskOptions,
  TaskProxy,
  WorkerOptions,
} from './types.ts';
import type { Worker } from './worker.ts';
import { middlewareRule, workerRules } from './worker-rules.ts';

/** How a `Master` encodes, and what becomes of failed tasks unless a worker says otherwise. */
export interface MasterOptions extends CodecOptions, FailureOptions {
  /**
   * Type of the queues that it declares, where these do not say otherwise: `quorum` on a cluster, so that
   * tasks outlive a node. All that declare one queue must agree. Default: as the broker says, `classic`.
   */
  readonly queueType?: QueueType;
  /** What stands on the way of each task: of those created here, and of those that its workers work off. */
  readonly middleware?: Middleware;
}

/**
 * Tasks shared out among workers: whoever creates one gives it a name and a payload, whoever works asks for
 * a name. Each task goes to one worker, and to another when that one fails.
 *
 * A task is a persistent message to the queue of its name; the protocol is that of aio-pika's `JsonMaster`.
 *
 * @example
 * ```ts
 * const master = new Master<{ resize: { url: string } }>(channel, { codec: jsonCodec() })
 * await master.createWorker('resize', async ({ url }) => resize(url), { prefetch: 10 })
 * await master.proxy.resize({ url })
 * ```
 */
export class Master<Tasks extends object = AnyTasks> {
  /** Tasks as methods: `master.proxy.mail.send(payload)` creates the task `mail.send`. */
  readonly proxy: TaskProxy<Tasks>;
  readonly #channel: Channel;
  readonly #codecs: CodecSet;
  readonly #failure: Required<FailureOptions>;
  readonly #queueType: QueueType | undefined;
  readonly #handleMiddleware: readonly HandleMiddleware[];
  readonly #delays: Delays;
  readonly #creator: TaskCreator;

  /** Errors: `INVALID_ARGUMENT`, naming the option. */
  constructor(channel: Channel, options: MasterOptions) {
    checkChannel(channel);
    this.#channel = channel;
    this.#codecs = new CodecSet(options); // which refuses what are no options
    const { middleware = {} } = options;
    checkOptions(middleware, 'middleware');
    this.#queueType = checkQueueType(options.queueType);
    this.#failure = {
      requeue: options.requeue ?? true,
      rejectOnRedelivered: options.rejectOnRedelivered ?? false,
    };
    this.#handleMiddleware = middlewareRule('middleware.handle', middleware.handle ?? []);
    this.#delays = new Delays(channel, systemClock);
    this.#creator = new TaskCreator({
      channel,
      clock: systemClock,
      codecs: this.#codecs,
      delays: this.#delays,
      middleware: middlewareRule('middleware.publish', middleware.publish ?? []),
    });
    this.proxy = methodProxy<TaskProxy<Tasks>, [payload?: unknown, options?: TaskOptions], unknown>(
      (name, payload, taskOptions) => this.#creator.create(name, payload, taskOptions),
    );
  }

  /**
   * Creates a task. Resolves once the broker has taken it and it is in its queue, or waits for its time (`delay`, `at`).
   * Errors: `UNROUTABLE` (no worker has declared its queue yet: see {@link createQueue}), `INVALID_MESSAGE` (a
   * payload that is no object, a bad option), `CODEC`, and those of publishing.
   */
  createTask<Name extends TaskName<Tasks>>(
    name: Name,
    ...[payload, options]: TaskArguments<Tasks[Name]>
  ): Promise<void> {
    return this.#creator.create(name, payload, options);
  }

  /**
   * Creates many tasks, as many at once as `inFlight` says, from payloads in memory or from a stream of them. One that
   * fails does not keep the others from being created. Resolves with what became of them. Errors: what the payloads or
   * a callback throw, `ABORTED`, `CLOSED`, `INVALID_ARGUMENT`; by then all that were begun have settled.
   *
   * @example
   * ```ts
   * const { created, failures } = await master.createTasks('resize', urls, {
   *   onProgress: ({ created, total }) => bar.update(created, { total }),
   * })
   * ```
   */
  async createTasks<Name extends TaskName<Tasks>>(
    name: Name,
    payloads: Payloads<Tasks[Name]>,
    options: BatchOptions<Tasks[Name]> = {},
  ): Promise<BatchOutcome<Tasks[Name]>> {
    checkTaskName(name);
    return createBatch({
      payloads,
      options,
      clock: systemClock,
      create: (payload, each) => this.#creator.create(name, payload, each),
    });
  }

  /**
   * Declares the queue of a task, so that tasks can be created before the first worker is up; with the same
   * options as the workers will have. Durable by default. Errors: `PRECONDITION_FAILED`, and those of
   * declaring.
   */
  async createQueue(name: TaskName<Tasks>, options: QueueOptions = {}): Promise<Queue> {
    checkOptions(options);
    const queueType = this.#typeFor(options);
    const queue = await this.#channel.declareQueue(checkTaskName(name), {
      ...options,
      ...(queueType === undefined ? {} : { queueType }),
    });
    await this.#delays.attach(queue);
    return queue;
  }

  /**
   * Declares the queue of a task and works it off. A handler that returns (or resolves) is done; one that
   * throws puts the task back (`requeue`), unless it throws `RejectMessage`, `NackMessage` or `RetryLater`, or the worker
   * has `retry`. A message that cannot be decoded, or whose payload is no object, is rejected without requeue and reported
   * as an event.
   *
   * Mind that a task that always fails comes back at once and for ever unless there is `retry`, `requeue` is false,
   * `rejectOnRedelivered` is true, or the queue has a delivery limit.
   *
   * @example
   * ```ts
   * const worker = await master.createWorker('resize', ({ url }, { signal }) => resize(url, signal), {
   *   retry: { attempts: 5, backoff: 'exponential' },
   *   timeout: 60_000,
   * })
   * ```
   */
  async createWorker<Name extends TaskName<Tasks>>(
    name: Name,
    handler: TaskHandler<Tasks[Name]>,
    options: WorkerOptions = {},
  ): Promise<Worker> {
    checkTaskName(name);
    const rules = workerRules(options, this.#failure);
    checkFunction('handler', handler);
    const type = rules.queue.arguments?.['x-queue-type'] ?? this.#typeFor(rules.queue);
    const bury = (): Promise<Queue> => declareDeadQueue(this.#channel, name, type === 'quorum');
    const pieces = assemble<Tasks[Name]>({
      name,
      channel: this.#channel,
      clock: systemClock,
      codecs: this.#codecs,
      delays: this.#delays,
      handler,
      isPayload: isPayloadOf<Tasks[Name]>,
      rules,
      declareDeadQueue: bury,
      middleware: this.#handleMiddleware,
    });
    // First, since it may be there as another type: then there should be no queue of the task either.
    if (rules.deadLetters) await bury();
    const queue = await this.createQueue(name, rules.queue);
    return pieces.start(queue);
  }

  /** The dead letters of a task: those of workers with `retry` or `deadLetters`. */
  deadLetters(name: TaskName<Tasks>): DeadLetters {
    return new DeadLetters(checkTaskName(name), this.#channel, this.#codecs, systemClock);
  }

  /** The type of a queue that does not say it among its arguments. */
  #typeFor(options: QueueOptions): QueueType | undefined {
    const given = options.queueType ?? options.arguments?.['x-queue-type'];
    return given === undefined ? this.#queueType : options.queueType;
  }
}

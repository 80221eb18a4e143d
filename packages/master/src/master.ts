import {
  type Channel,
  type CodecOptions,
  CodecSet,
  type Encoded,
  InvalidMessageError,
  LeveretError,
  methodProxy,
  type Queue,
  type QueueOptions,
  type QueueType,
} from '@leveret/core';
import { checkChannel, checkOptions, checkQueueType, checkTaskName } from './options.ts';
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
import { TaskRunner, Worker } from './worker.ts';

/** How a `Master` encodes, and what becomes of failed tasks unless a worker says otherwise. */
export interface MasterOptions extends CodecOptions, FailureOptions {
  /**
   * Type of the queues that it declares, where these do not say otherwise: `quorum` on a cluster, so that
   * tasks outlive a node. All that declare one queue must agree. Default: as the broker says, `classic`.
   */
  readonly queueType?: QueueType;
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

  /** Errors: `INVALID_ARGUMENT`, naming the option. */
  constructor(channel: Channel, options: MasterOptions) {
    checkChannel(channel);
    this.#channel = channel;
    this.#codecs = new CodecSet(options);
    this.#queueType = checkQueueType(options.queueType);
    this.#failure = {
      requeue: options.requeue ?? true,
      rejectOnRedelivered: options.rejectOnRedelivered ?? false,
    };
    this.proxy = methodProxy<TaskProxy<Tasks>, [payload?: unknown, options?: TaskOptions], unknown>(
      (name, payload, taskOptions) => this.#create(name, payload, taskOptions),
    );
  }

  /**
   * Creates a task. Resolves once the broker has taken it and it is in its queue. Errors: `UNROUTABLE` (no
   * worker has declared its queue yet: see {@link createQueue}), `INVALID_MESSAGE` (a payload that is no
   * object, a bad option), `CODEC`, and those of publishing.
   */
  createTask<Name extends TaskName<Tasks>>(
    name: Name,
    ...[payload, options]: TaskArguments<Tasks[Name]>
  ): Promise<void> {
    return this.#create(name, payload, options);
  }

  /**
   * Declares the queue of a task, so that tasks can be created before the first worker is up; with the same
   * options as the workers will have. Durable by default. Errors: `PRECONDITION_FAILED`, and those of
   * declaring.
   */
  async createQueue(name: TaskName<Tasks>, options: QueueOptions = {}): Promise<Queue> {
    checkOptions(options);
    const given = options.queueType ?? options.arguments?.['x-queue-type'];
    const queueType = given === undefined ? this.#queueType : options.queueType;
    return this.#channel.declareQueue(checkTaskName(name), {
      ...options,
      ...(queueType === undefined ? {} : { queueType }),
    });
  }

  /**
   * Declares the queue of a task and works it off. A handler that returns (or resolves) is done; one that
   * throws puts the task back (`requeue`), unless it throws `RejectMessage` or `NackMessage`. A message that
   * cannot be decoded, or whose payload is no object, is rejected without requeue and reported as an event.
   *
   * Mind that a task that always fails comes back at once and for ever unless `requeue` is false,
   * `rejectOnRedelivered` is true, or the queue has a delivery limit.
   */
  async createWorker<Name extends TaskName<Tasks>>(
    name: Name,
    handler: TaskHandler<Tasks[Name]>,
    options: WorkerOptions = {},
  ): Promise<Worker> {
    checkTaskName(name);
    checkOptions(options);
    const { requeue, rejectOnRedelivered, consumerArguments, ...rest } = options;
    const { prefetch, concurrency, drainTimeout, ...queueOptions } = rest;
    if (typeof handler !== 'function')
      throw new LeveretError('INVALID_ARGUMENT', 'handler must be a function');
    const queue = await this.createQueue(name, queueOptions);
    const runner = new TaskRunner<Tasks[Name]>({
      name,
      channel: this.#channel,
      codecs: this.#codecs,
      handler,
      isPayload: isPayloadOf<Tasks[Name]>,
      failure: {
        requeue: requeue ?? this.#failure.requeue,
        rejectOnRedelivered: rejectOnRedelivered ?? this.#failure.rejectOnRedelivered,
      },
    });
    const consumer = await queue.consume((message) => runner.handle(message), {
      ...(prefetch === undefined ? {} : { prefetch }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(drainTimeout === undefined ? {} : { drainTimeout }),
      ...(consumerArguments === undefined ? {} : { arguments: consumerArguments }),
    });
    return Worker.make(name, consumer);
  }

  #create(name: string, payload: unknown = {}, options: TaskOptions = {}): Promise<void> {
    try {
      checkTaskName(name);
      checkOptions(options);
      if (!isObject(payload))
        throw new InvalidMessageError('payload', payload, 'must be an object');
      const encoded = this.#codecs.encode(payload);
      if (encoded instanceof Promise)
        return encoded.then((each) => this.#publish(name, each, options));
      return this.#publish(name, encoded, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #publish(name: string, encoded: Encoded, options: TaskOptions): Promise<void> {
    const { timeout, ...properties } = options;
    return this.#channel.defaultExchange.publish(
      { deliveryMode: 2, ...properties, ...encoded },
      name,
      timeout === undefined ? {} : { timeout },
    );
  }
}

/** A task map is a promise of the user's about what is in the queue; what can be seen here is an object. */
function isPayloadOf<Payload>(value: unknown): value is Payload {
  return isObject(value);
}

function isObject(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Date)
  );
}

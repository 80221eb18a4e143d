import { hostname } from 'node:os';
import { pid } from 'node:process';
import { type Consumer, type LeveretError, TimeoutError } from '@leveret/core';
import type { WorkerCounters } from './counters.ts';
import { ignore } from './errors.ts';
import type { RateLimiter } from './middleware/rate-limit.ts';
import type { StuckHandlers } from './middleware/timeout.ts';
import { whole } from './options.ts';

/** What a running worker is made of. */
export interface WorkerParts {
  readonly name: string;
  readonly id: string;
  readonly consumer: Consumer;
  readonly counters: WorkerCounters;
  readonly limiter: RateLimiter | undefined;
  /** Handlers that ignore that their time is over. */
  readonly stuck: StuckHandlers;
  readonly maxStuck: number;
  /** Whether the queue goes with its last consumer, which must not be cancelled for a pause then. */
  readonly autoDelete: boolean;
  readonly lastDelivery: () => Date | undefined;
}

/** How a worker is doing; fit for the probes of Kubernetes. */
export interface WorkerHealth {
  /** False where only a new process can help: it has ended by itself, or too many handlers are stuck. */
  readonly live: boolean;
  /** Whether it takes tasks at present. */
  readonly ready: boolean;
  /** What it is doing. `stuck` is a worker that takes no more tasks for all the handlers that do not end. */
  readonly state: 'working' | 'paused' | 'stuck' | 'recovering' | 'closing' | 'closed';
  /** Handlers that run, and tasks that wait for the rate limit; those that are stuck not included. */
  readonly inHand: number;
  /** Tasks that wait here for a handler. */
  readonly waiting: number;
  /** Handlers that go on although their `timeout` is over. */
  readonly stuck: number;
  /** When it was last given a task. */
  readonly lastDelivery: Date | undefined;
}

let workers = 0;

/** An identity for a worker that has none: the host, the process, and which worker of it. */
export function nextWorkerId(): string {
  workers += 1;
  return `${hostname()}/${pid}/${workers}`;
}

/** A running worker. Made by {@link Master.createWorker}. */
export class Worker {
  /** Name of the task that it works off. */
  readonly name: string;
  /** Its identity, as dead letters say it. */
  readonly id: string;
  readonly #parts: WorkerParts;
  #concurrency: number;
  #wanted: 'working' | 'paused' = 'working';
  #failure: { readonly cause: LeveretError | undefined } | undefined;

  private constructor(parts: WorkerParts) {
    this.name = parts.name;
    this.id = parts.id;
    this.#parts = parts;
    this.#concurrency = parts.consumer.concurrency;
    // Where it cannot go on, or stop, `health` says so.
    parts.stuck.onChange(() => this.#goOn().catch(ignore));
    parts.consumer.ended.then((cause) => {
      this.#failure = { cause };
      parts.stuck.end();
    });
  }

  /** @internal */
  static make(parts: WorkerParts): Worker {
    return new Worker(parts);
  }

  /**
   * Resolves once it has ended: with `undefined` where it was closed on purpose, else with the error
   * (`CANCELLED` where its queue was deleted, or why the connection is closed for good).
   */
  get ended(): Promise<LeveretError | undefined> {
    return this.#parts.consumer.ended;
  }

  /** What became of its tasks so far. */
  get counters(): WorkerCounters {
    return { ...this.#parts.counters };
  }

  /** Most handlers that run at once, besides the prefetch. */
  get concurrency(): number {
    return this.#concurrency;
  }

  /** From 1 on, or `Infinity`; holds at once. Errors: `INVALID_ARGUMENT`. */
  set concurrency(most: number) {
    this.#concurrency = most === Number.POSITIVE_INFINITY ? most : whole('concurrency', most, 1);
    this.#apply().catch(ignore);
  }

  /**
   * Takes no further tasks: those that wait for a handler go back to the queue, for other workers; handlers in hand go
   * on. Where the queue would go with its last worker (`autoDelete`), those that wait are held here instead, as many as
   * the prefetch allows. Always resolves; pausing twice is harmless.
   */
  pause(): Promise<void> {
    this.#wanted = 'paused';
    return this.#apply();
  }

  /** Takes tasks again. Errors: `NOT_FOUND`, `TIMEOUT`, `CLOSED`; it stays paused then. */
  async resume(): Promise<void> {
    this.#wanted = 'working';
    try {
      await this.#apply();
    } catch (error) {
      this.#wanted = 'paused';
      throw error;
    }
  }

  /** How it is doing at present. */
  health(): WorkerHealth {
    const { consumer, stuck, lastDelivery } = this.#parts;
    const { inHand, waiting } = consumer.status;
    const state = this.#state();
    return {
      live: state !== 'stuck' && this.#failure?.cause === undefined,
      ready: state === 'working',
      state,
      inHand,
      waiting,
      stuck: stuck.size,
      lastDelivery: lastDelivery(),
    };
  }

  /**
   * Stops taking tasks and waits for those in hand; after `drainTimeout` they are aborted through their
   * `signal` and put back. Always resolves; calling it again is harmless.
   */
  close(): Promise<void> {
    this.#parts.limiter?.stop();
    return this.#parts.consumer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #isStuck(): boolean {
    return this.#parts.stuck.size >= this.#parts.maxStuck;
  }

  #state(): WorkerHealth['state'] {
    const { state } = this.#parts.consumer.status;
    if (state === 'closing' || state === 'closed' || state === 'recovering') return state;
    if (this.#isStuck) return 'stuck';
    return state === 'paused' ? 'paused' : this.#wanted;
  }

  /** Has the consumer do what is wanted of it. */
  #apply(): Promise<void> {
    const { consumer, autoDelete, limiter } = this.#parts;
    const works = this.#wanted === 'working' && !this.#isStuck;
    if (!works) limiter?.stop();
    consumer.concurrency = works || !autoDelete ? this.#concurrency : 0;
    if (autoDelete) return Promise.resolve();
    return works ? consumer.resume() : consumer.pause();
  }

  /** The same where nobody asked for it: the connection may be away for long. */
  async #goOn(): Promise<void> {
    try {
      await this.#apply();
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      await this.#goOn();
    }
  }
}

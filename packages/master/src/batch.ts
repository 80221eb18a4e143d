import { type Clock, LeveretError } from '@leveret/core';
import { checkFunction, checkOptions, whole } from './options.ts';
import type { TaskOptions } from './types.ts';

/** How often progress is told at most, in milliseconds: as often as a terminal need be drawn. */
const TELL_EVERY = 100;
/** Most failures that an outcome lists. */
const MOST_FAILURES = 100;

/** How many tasks of a batch have been created so far. */
export interface BatchProgress {
  /** Tasks that the broker has. */
  readonly created: number;
  /** Tasks that could not be created. */
  readonly failed: number;
  /** How many there will be; `undefined` where the payloads do not say it before they end. */
  readonly total: number | undefined;
  /** Milliseconds since it began. */
  readonly elapsed: number;
}

/** What became of one task of a batch. */
export interface TaskOutcome<Payload> {
  /** Which one, from 0. */
  readonly index: number;
  /** What it was to be created with. */
  readonly payload: Payload;
  /** Why it was not created; `undefined` where it was. */
  readonly error: LeveretError | undefined;
}

/** What became of a batch. */
export interface BatchOutcome<Payload> extends BatchProgress {
  /** The first 100 that failed; `onOutcome` is told of all. */
  readonly failures: readonly TaskOutcome<Payload>[];
}

/** How many tasks are created at once. */
export interface BatchOptions<Payload> extends Omit<TaskOptions, 'messageId'> {
  /** Options of one task, over those of all. */
  readonly each?: (payload: Payload, index: number) => TaskOptions;
  /** Tasks on their way to the broker at once, so that as many payloads are in memory. Default 500. */
  readonly inFlight?: number;
  /** Told every 100 ms at most, and in the end. */
  readonly onProgress?: (progress: BatchProgress) => void;
  /** Told of each task once. */
  readonly onOutcome?: (outcome: TaskOutcome<Payload>) => void;
  /** Stops: no further payload is taken, those on their way are waited for, then it rejects with `ABORTED`. */
  readonly signal?: AbortSignal;
}

/** Payloads, in memory or as they come. */
export type Payloads<Payload> = Iterable<Payload> | AsyncIterable<Payload>;

/** What creating a batch needs. */
interface BatchParts<Payload> {
  readonly payloads: Payloads<Payload>;
  readonly options: BatchOptions<Payload>;
  readonly clock: Clock;
  readonly create: (payload: Payload, options: TaskOptions) => Promise<void>;
}

/** Creates a batch; see {@link Master.createTasks}. */
export async function createBatch<Payload>(
  parts: BatchParts<Payload>,
): Promise<BatchOutcome<Payload>> {
  checkBatch(parts.payloads, parts.options);
  const batch = new Batch(parts);
  await batch.run();
  return batch.outcome;
}

class Batch<Payload> {
  readonly #parts: BatchParts<Payload>;
  readonly #options: TaskOptions;
  readonly #since: number;
  readonly #total: number | undefined;
  readonly #failures: TaskOutcome<Payload>[] = [];
  #created = 0;
  #failed = 0;
  #underWay = 0;
  #toldAt: number;
  /** Why no further task is to be created. */
  #end: { readonly reason: unknown } | undefined;
  /** Goes on with what waits for fewer tasks to be under way. */
  #wake: (() => void) | undefined;
  /** Goes on with what waits for the next payload. */
  #ended: (() => void) | undefined;

  constructor(parts: BatchParts<Payload>) {
    this.#parts = parts;
    const { each, inFlight, onProgress, onOutcome, signal, ...options } = parts.options;
    this.#options = options;
    this.#since = parts.clock.now();
    this.#toldAt = this.#since;
    this.#total = sizeOf(parts.payloads);
  }

  get outcome(): BatchOutcome<Payload> {
    return { ...this.#progress, failures: this.#failures };
  }

  get #progress(): BatchProgress {
    const elapsed = this.#parts.clock.now() - this.#since;
    return { created: this.#created, failed: this.#failed, total: this.#total, elapsed };
  }

  /** Errors: what payloads and callbacks throw, `ABORTED`, `CLOSED`, once all that is under way has settled. */
  async run(): Promise<void> {
    const { signal, onProgress } = this.#parts.options;
    const abort = (): void =>
      this.#stop(new LeveretError('ABORTED', 'the batch was aborted', { cause: signal?.reason }));
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    try {
      await this.#createAll();
    } catch (error) {
      this.#stop(error); // of the payloads
    }
    while (this.#underWay > 0) await this.#change();
    signal?.removeEventListener('abort', abort);
    this.#call(onProgress, this.#progress);
    if (this.#end) throw this.#end.reason;
  }

  async #createAll(): Promise<void> {
    const { payloads, options } = this.#parts;
    const { inFlight = 500 } = options;
    const iterator = iteratorOf(payloads);
    for (let index = 0; !this.#end; index++) {
      const next = await this.#unlessItEnds(iterator.next());
      if (!next) break;
      if (next.done) return;
      const { value } = next;
      const step = value instanceof Promise ? await this.#arrived(value) : { payload: value };
      if (!step) break;
      this.#begin(step.payload, index);
      while (this.#underWay >= inFlight) await this.#change();
    }
    leave(iterator);
  }

  /** A payload that is a promise, unless the end comes first; its iterator does not know that it rejected. */
  async #arrived(coming: Promise<Payload>): Promise<{ readonly payload: Payload } | undefined> {
    try {
      return await this.#unlessItEnds(coming.then((payload) => ({ payload })));
    } catch (error) {
      this.#stop(error);
      return undefined;
    }
  }

  #begin(payload: Payload, index: number): void {
    const { create, options } = this.#parts;
    this.#underWay += 1;
    Promise.resolve()
      .then(() => create(payload, { ...this.#options, ...options.each?.(payload, index) }))
      .then(
        () => this.#settled({ index, payload, error: undefined }),
        (error: unknown) =>
          this.#settled({ index, payload, error: LeveretError.from(error, 'HANDLER_FAILED') }),
      )
      .catch((thrown: unknown) => this.#stop(thrown)) // a callback
      .then(() => {
        this.#underWay -= 1;
        this.#wake?.();
      });
  }

  #settled(outcome: TaskOutcome<Payload>): void {
    const { onOutcome, onProgress } = this.#parts.options;
    const { error } = outcome;
    if (error) {
      this.#failed += 1;
      if (this.#failures.length < MOST_FAILURES) this.#failures.push(outcome);
      if (error.code === 'CLOSED') this.#stop(error); // as all that come after it would be
    } else this.#created += 1;
    this.#call(onOutcome, outcome);
    const now = this.#parts.clock.now();
    if (!onProgress || now - this.#toldAt < TELL_EVERY) return;
    this.#toldAt = now;
    this.#call(onProgress, this.#progress);
  }

  /** A callback that turns out to be an async function may reject as well. */
  #call<T>(callback: ((value: T) => unknown) | undefined, value: T): void {
    const outcome = callback?.(value);
    if (outcome instanceof Promise) outcome.catch((thrown: unknown) => this.#stop(thrown));
  }

  #stop(reason: unknown): void {
    this.#end ??= { reason };
    this.#ended?.();
  }

  /** Something under way has settled. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** What comes, or nothing where the end comes first. */
  #unlessItEnds<T>(coming: T | Promise<T>): T | Promise<T | undefined> {
    if (!(coming instanceof Promise)) return coming;
    return new Promise((resolve, reject) => {
      this.#ended = () => resolve(undefined);
      if (this.#end) resolve(undefined); // it ended while this was asked for
      coming.then(resolve, reject);
    });
  }
}

function iteratorOf<Payload>(
  payloads: Payloads<Payload>,
): Iterator<Payload> | AsyncIterator<Payload> {
  return Symbol.asyncIterator in payloads
    ? payloads[Symbol.asyncIterator]()
    : payloads[Symbol.iterator]();
}

/** Not waited for: it may wait for the very payload that does not come. What ends the batch matters more. */
async function leave(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {}
}

function checkBatch<Payload>(payloads: Payloads<Payload>, options: BatchOptions<Payload>): void {
  const isIterable =
    typeof payloads === 'object' &&
    payloads !== null &&
    ((Symbol.asyncIterator in payloads && isFunction(payloads[Symbol.asyncIterator])) ||
      (Symbol.iterator in payloads && isFunction(payloads[Symbol.iterator])));
  if (!isIterable) throw new LeveretError('INVALID_ARGUMENT', 'payloads must be an iterable');
  checkOptions(options);
  whole('inFlight', options.inFlight ?? 500, 1);
  if (options.signal !== undefined && !isFunction(options.signal?.addEventListener))
    throw new LeveretError('INVALID_ARGUMENT', 'signal must be an AbortSignal');
  for (const field of ['each', 'onProgress', 'onOutcome'] as const)
    if (options[field] !== undefined) checkFunction(field, options[field]);
}

function sizeOf(payloads: object): number | undefined {
  if (Array.isArray(payloads)) return payloads.length;
  return payloads instanceof Set || payloads instanceof Map ? payloads.size : undefined;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

import { duration, whole } from '../connection/options.ts';
import { describe, LeveretError, TimeoutError } from '../errors/leveret-error.ts';
import { systemClock } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { type Deferred, deferred, ignore } from '../internal/deferred.ts';
import { checkFunction, checkOptions } from '../internal/options.ts';

/** What a pool can hold: connections, channels, or anything else that is closed. */
export interface Poolable {
  /** Ends it. It must settle: closing the pool waits for it, as long as it takes. */
  close(): Promise<unknown>;
  /** One whose state is `closed` is not handed out again. */
  readonly status?: { readonly state: string };
  /** Resolves once it is closed, so that who waits gets another. */
  readonly ended?: Promise<unknown>;
}

/** How a pool is bounded. */
export interface PoolOptions {
  /** Most resources that there are at once. */
  readonly maxSize: number;
  /** Milliseconds until an `acquire` fails with `TIMEOUT` where none is free. Default 30000. */
  readonly acquireTimeout?: number;
}

/** A resource of a pool, until it is given back. */
export interface Lease<T> extends AsyncDisposable {
  /** The resource. */
  readonly value: T;
  /** Gives it back; calling it again is harmless. */
  release(): void;
}

/**
 * Resources that are made when they are needed, shared one after another, and bounded in number. Who waits for
 * one is served in order.
 *
 * @example
 * ```ts
 * await using connections = new Pool(() => connect(url), { maxSize: 2 })
 * await using channels = new Pool(() => connections.use((connection) => connection.channel()), { maxSize: 10 })
 * await channels.use((channel) => channel.defaultExchange.publish({ body }, 'tasks'))
 * ```
 */
export class Pool<T extends Poolable> implements AsyncDisposable {
  readonly #create: () => T | Promise<T>;
  readonly #maxSize: number;
  readonly #acquireTimeout: number;
  readonly #free: T[] = [];
  /** All that there are, free or not. */
  readonly #items = new Set<T>();
  readonly #waiting = new Set<Deferred<T>>();
  readonly #creating = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  /** `create` makes a resource. Errors: `INVALID_ARGUMENT`. */
  constructor(create: () => T | Promise<T>, options: PoolOptions) {
    checkFunction('create', create);
    checkOptions(options);
    if (options.maxSize === undefined)
      throw new LeveretError('INVALID_ARGUMENT', 'maxSize must be given');
    this.#create = create;
    this.#maxSize = whole('maxSize', options.maxSize, 1, 1, 2 ** 31);
    this.#acquireTimeout = duration('acquireTimeout', options.acquireTimeout, 30_000);
  }

  /** How many resources there are, those under way included. */
  get size(): number {
    return this.#items.size + this.#creating.size;
  }

  /** How many `acquire`s wait. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Takes a resource: one that is free, else a new one, else the next that is given back. Give it back with
   * `release`, or declare it with `await using`. Errors: `TIMEOUT`, `CLOSED`, and what `create` throws.
   */
  async acquire(): Promise<Lease<T>> {
    if (this.#closing) throw closedError();
    const wait = deferred<T>();
    const timeout = this.#acquireTimeout;
    this.#waiting.add(wait);
    // Who is given up is not served any more, in the same moment: what was handed over then would belong to nobody.
    const timer = systemClock.after(timeout, () => {
      if (this.#waiting.delete(wait)) wait.reject(new TimeoutError('pool.acquire', timeout));
    });
    this.#serve();
    try {
      return this.#lease(await wait.promise);
    } finally {
      timer.cancel();
    }
  }

  /** Runs `fn` with a resource, which is given back when it ends. Errors: those of `acquire` and of `fn`. */
  async use<R>(fn: (value: T) => R | Promise<R>): Promise<R> {
    checkFunction('fn', fn);
    const lease = await this.acquire();
    try {
      return await fn(lease.value);
    } finally {
      lease.release();
    }
  }

  /**
   * Closes all resources, whoever has them, and resolves once they are; who waits for one gets `CLOSED`. Those that are
   * being made are closed when they come, and waited for as long as an `acquire` may take. Calling it again is harmless.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const wait of this.#waiting) wait.reject(closedError());
    this.#waiting.clear();
    const closing = [...this.#items].map(async (item) => item.close());
    // Those under way are closed once they are there, which may be never.
    const late = Promise.allSettled(this.#creating);
    await Promise.allSettled([
      ...closing,
      withDeadline(late, 'pool.close', this.#acquireTimeout, systemClock),
    ]);
  }

  /** Hands out what is free, and makes more where that is not enough. */
  #serve(): void {
    if (this.#closing) return;
    this.#forgetClosed();
    while (this.#waiting.size > 0) {
      const value = this.#free.pop();
      if (value === undefined) break;
      this.#hand(value);
    }
    const wanted = Math.min(this.#waiting.size - this.#creating.size, this.#maxSize - this.size);
    for (let made = 0; made < wanted; made++) {
      const creating = this.#make().finally(() => {
        this.#creating.delete(creating);
        this.#serve();
      });
      this.#creating.add(creating);
    }
  }

  async #make(): Promise<void> {
    let item: T;
    try {
      item = await this.#create();
      if (typeof item?.close !== 'function')
        throw new LeveretError(
          'INVALID_ARGUMENT',
          `create must give what has a close function, not ${describe(item)}`,
        );
    } catch (error) {
      // Whoever has waited longest is told; the next one makes it be tried again.
      this.#first()?.reject(error);
      return;
    }
    if (this.#closing) {
      await item.close().catch(ignore);
      return;
    }
    this.#items.add(item);
    item.ended?.then(() => this.#serve(), ignore);
    if (this.#waiting.size > 0) this.#hand(item);
    else this.#free.push(item);
  }

  #hand(value: T): void {
    this.#first()?.resolve(value);
  }

  #first(): Deferred<T> | undefined {
    for (const wait of this.#waiting) {
      this.#waiting.delete(wait);
      return wait;
    }
    return undefined;
  }

  #lease(value: T): Lease<T> {
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      this.#free.push(value);
      this.#serve();
    };
    return {
      value,
      release,
      [Symbol.asyncDispose]: async () => release(),
    };
  }

  #forgetClosed(): void {
    for (const item of this.#items) if (isClosed(item)) this.#items.delete(item);
    const usable = this.#free.filter((item) => !isClosed(item));
    this.#free.splice(0, this.#free.length, ...usable);
  }
}

function isClosed({ status }: Poolable): boolean {
  return status?.state === 'closed';
}

function closedError(): LeveretError {
  return new LeveretError('CLOSED', 'the pool is closed');
}

import { randomUUID } from 'node:crypto';
import { LeveretError, systemClock, type Timer } from '@leveret/core';

/** How long a call waits, and what can end the waiting. */
export interface WaitOptions {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** A UUID of version 4 that tells where its call stands; the rest of it is random, so that no callee can guess another call's. */
function idOf(place: number): string {
  return place.toString(16).padStart(8, '0') + randomUUID().slice(8);
}

/**
 * The calls that wait, by correlation id. Each settles exactly once, and leaves at that moment.
 *
 * An id tells the place of its call. A `Map` would do, but under heavy traffic V8 keeps its old tables, and all calls that they
 * ever held, until the next full collection.
 */
export class PendingCalls {
  readonly #places: (PendingCall | undefined)[] = [];
  readonly #free: number[] = [];
  #refusal: ((method: string) => LeveretError) | undefined;

  /** How many wait. */
  get size(): number {
    return this.#places.length - this.#free.length;
  }

  /** Adds a call. One that is aborted or comes too late never waits. Errors: `ABORTED`, and those of {@link end}. */
  add(method: string, { timeout, signal }: WaitOptions): PendingCall {
    if (this.#refusal) throw this.#refusal(method);
    if (signal?.aborted) throw aborted(method, signal);
    const place = this.#free.pop() ?? this.#places.length;
    const id = idOf(place);
    const leave = (): void => {
      this.#places[place] = undefined;
      this.#free.push(place);
    };
    const call = new PendingCall(id, method, { timeout, signal }, leave);
    this.#places[place] = call;
    return call;
  }

  /** The call of that id, if it waits still. */
  get(id: string): PendingCall | undefined {
    const call = this.#places[Number.parseInt(id.slice(0, 8), 16)];
    return call?.id === id ? call : undefined;
  }

  /** Fails every call that waits. */
  rejectAll(error: (method: string) => LeveretError): void {
    for (const call of [...this.#places]) call?.reject(error(call.method));
  }

  /** Fails every call that waits, and every one that comes from now on. */
  end(error: (method: string) => LeveretError): void {
    this.#refusal ??= error;
    this.rejectAll(error);
  }
}

/** A call that waits for its reply. */
export class PendingCall {
  /** Its correlation id. */
  readonly id: string;
  readonly method: string;
  /** What comes of it. */
  readonly outcome: Promise<unknown>;
  readonly #timer: Timer;
  readonly #signal: AbortSignal | undefined;
  readonly #leave: () => void;
  #resolve: (result: unknown) => void = () => {};
  #reject: (error: LeveretError) => void = () => {};
  #waits = true;

  constructor(id: string, method: string, { timeout, signal }: WaitOptions, leave: () => void) {
    this.id = id;
    this.method = method;
    this.#signal = signal;
    this.#leave = leave;
    this.#timer = systemClock.after(timeout, () => this.reject(timedOut(method, timeout)));
    signal?.addEventListener('abort', this.#abort);
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Whether it has not settled. */
  get waits(): boolean {
    return this.#waits;
  }

  resolve(result: unknown): void {
    if (this.#settles()) this.#resolve(result);
  }

  reject(error: LeveretError): void {
    if (this.#settles()) this.#reject(error);
  }

  readonly #abort = (): void => this.reject(aborted(this.method, this.#signal));

  #settles(): boolean {
    if (!this.#waits) return false;
    this.#waits = false;
    this.#timer.cancel();
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#leave();
    return true;
  }
}

function aborted(method: string, signal: AbortSignal | undefined): LeveretError {
  return new LeveretError('ABORTED', `the call of ${method} was aborted`, {
    cause: signal?.reason,
  });
}

function timedOut(method: string, timeout: number): LeveretError {
  return new LeveretError('RPC_TIMEOUT', `no reply from ${method} within ${timeout} ms`);
}

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

function placeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16);
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
    const call = new PendingCall(place, method, { timeout, signal }, this);
    this.#places[place] = call;
    return call;
  }

  /** A call has settled: its place is another's. */
  leave({ place }: PendingCall): void {
    this.#places[place] = undefined;
    this.#free.push(place);
  }

  /** The call of that id, if it waits still. */
  get(id: string): PendingCall | undefined {
    const call = this.#places[placeOf(id)];
    return call?.id === id ? call : undefined;
  }

  /** Those that wait. */
  all(): PendingCall[] {
    return this.#places.filter((call) => call !== undefined);
  }

  /** Fails every call that waits, and every one that comes from now on. */
  end(error: (method: string) => LeveretError): void {
    this.#refusal ??= error;
    for (const call of this.all()) call.reject(error(call.method));
  }
}

/** What can end the waiting from outside, and what listens to it. */
interface Aborting {
  readonly signal: AbortSignal;
  readonly abort: () => void;
}

/** A call that waits for its reply. Made by the thousand: it holds no closure that it can do without. */
export class PendingCall {
  /** Where it stands among those that wait. */
  readonly place: number;
  /** Its correlation id. */
  readonly id: string;
  readonly method: string;
  /** What comes of it. */
  readonly outcome: Promise<unknown>;
  readonly #timer: Timer;
  readonly #calls: PendingCalls;
  readonly #aborting: Aborting | undefined;
  #resolve: (result: unknown) => void = ignore;
  #reject: (error: LeveretError) => void = ignore;
  #waits = true;

  constructor(
    place: number,
    method: string,
    { timeout, signal }: WaitOptions,
    calls: PendingCalls,
  ) {
    this.place = place;
    this.id = idOf(place);
    this.method = method;
    this.#calls = calls;
    this.#timer = systemClock.after(timeout, () => this.reject(timedOut(method, timeout)));
    this.#aborting = signal && this.#listen(signal);
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

  #listen(signal: AbortSignal): Aborting {
    const abort = (): void => this.reject(aborted(this.method, signal));
    signal.addEventListener('abort', abort);
    return { signal, abort };
  }

  #settles(): boolean {
    if (!this.#waits) return false;
    this.#waits = false;
    this.#timer.cancel();
    this.#aborting?.signal.removeEventListener('abort', this.#aborting.abort);
    this.#calls.leave(this);
    return true;
  }
}

function ignore(): void {}

function aborted(method: string, signal: AbortSignal): LeveretError {
  return new LeveretError('ABORTED', `the call of ${method} was aborted`, {
    cause: signal.reason,
  });
}

function timedOut(method: string, timeout: number): LeveretError {
  return new LeveretError('RPC_TIMEOUT', `no reply from ${method} within ${timeout} ms`);
}

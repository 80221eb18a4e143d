import process from 'node:process';
import { duration } from '../connection/options.ts';
import { describe, LeveretError } from '../errors/leveret-error.ts';
import { type Clock, systemClock, type Timer } from '../internal/clock.ts';
import { deferred } from '../internal/deferred.ts';
import { checkFunction, checkOptions } from '../internal/options.ts';

/** What can be closed: a worker, an RPC, a channel, a connection, a server of the user's. */
export interface Closable {
  /** Closes it, and resolves once that is done. */
  close(): unknown;
}

/** What is closed, in that order; what stands in an array together is closed together. */
export type Closables = readonly (Closable | readonly Closable[])[];

/** How long a shutdown may take. */
export interface ShutdownOptions {
  /** Milliseconds until it gives up waiting, as at a second signal. Default 30000. */
  readonly timeout?: number;
}

/** What a shutdown was like. */
export interface ShutdownReport {
  /** The signal that began it. */
  readonly signal: NodeJS.Signals;
  /** From the signal until everything was closed, in milliseconds. */
  readonly duration: number;
  /** What threw when it was closed; what came after it was closed all the same. */
  readonly errors: readonly unknown[];
}

/** A shutdown that is prepared, or under way. Made by {@link shutdownOn}. */
export interface Shutdown extends Disposable {
  /** Aborts when it begins. */
  readonly signal: AbortSignal;
  /** Resolves when everything is closed; never where no signal comes. */
  readonly done: Promise<ShutdownReport>;
  /** Takes the handlers of the process off again. A shutdown that is under way goes on, with nothing to end it early. */
  cancel(): void;
}

/**
 * Closes everything in order when the process is told to end: install it once, at the end of the start. The process
 * then ends by itself, once nothing else keeps it. A second signal, or the timeout, gives up waiting: the signal has its
 * usual effect, which is the end of the process. Errors: `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * shutdownOn(['SIGTERM', 'SIGINT'], [[resizer, mailer], connection])
 * ```
 */
export function shutdownOn(
  signals: readonly NodeJS.Signals[],
  closables: Closables,
  options: ShutdownOptions = {},
): Shutdown {
  const names = checkSignals(signals);
  const rows = checkClosables(closables);
  checkOptions(options);
  const timeout = duration('timeout', options.timeout, 30_000);
  return new Waiting(names, rows, timeout, systemClock);
}

// No process is told of these.
const UNCAUGHT: readonly string[] = ['SIGKILL', 'SIGSTOP'];

/** Each signal once: with its handler installed twice, one signal would look like a second one. */
function checkSignals(signals: readonly NodeJS.Signals[]): readonly NodeJS.Signals[] {
  if (!Array.isArray(signals) || signals.length === 0)
    throw new LeveretError('INVALID_ARGUMENT', 'signals must be an array such as ["SIGTERM"]');
  // Not against the list of this platform: a program for several of them may name SIGBREAK everywhere.
  for (const [index, signal] of signals.entries())
    if (!/^SIG[A-Z0-9]+$/.test(String(signal)) || UNCAUGHT.includes(signal))
      throw new LeveretError(
        'INVALID_ARGUMENT',
        `signals[${index}] must be one that a process can handle, such as "SIGTERM", not ${describe(signal)}`,
      );
  return [...new Set(signals)];
}

/** What is closed together, row by row. */
function checkClosables(closables: Closables): readonly (readonly Closable[])[] {
  if (!Array.isArray(closables))
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `closables must be an array, not ${describe(closables)}`,
    );
  return closables.map((together: Closables[number], index) => {
    const row = [together].flat();
    for (const [nth, closable] of row.entries()) {
      const at = Array.isArray(together) ? `[${index}][${nth}]` : `[${index}]`;
      checkFunction(`closables${at}.close`, closable?.close);
    }
    return row;
  });
}

class Waiting implements Shutdown {
  readonly #signals: readonly NodeJS.Signals[];
  readonly #rows: readonly (readonly Closable[])[];
  readonly #timeout: number;
  readonly #clock: Clock;
  readonly #begun = new AbortController();
  readonly #done = deferred<ShutdownReport>();
  readonly #listener = (signal: NodeJS.Signals): void => this.#told(signal);
  #first: { readonly signal: NodeJS.Signals; readonly timer: Timer } | undefined;

  constructor(
    signals: readonly NodeJS.Signals[],
    rows: readonly (readonly Closable[])[],
    timeout: number,
    clock: Clock,
  ) {
    this.#signals = signals;
    this.#rows = rows;
    this.#timeout = timeout;
    this.#clock = clock;
    for (const signal of signals) process.on(signal, this.#listener);
  }

  get signal(): AbortSignal {
    return this.#begun.signal;
  }

  get done(): Promise<ShutdownReport> {
    return this.#done.promise;
  }

  cancel(): void {
    this.#first?.timer.cancel();
    for (const signal of this.#signals) process.off(signal, this.#listener);
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  #told(signal: NodeJS.Signals): void {
    if (this.#first) return this.#giveUp(this.#first.signal);
    const timer = this.#clock.after(this.#timeout, () => this.#giveUp(signal));
    this.#first = { signal, timer };
    this.#begun.abort(new LeveretError('CLOSED', `the process was told to end by ${signal}`));
    const since = this.#clock.now();
    this.#close().then((errors) => {
      this.cancel();
      this.#done.resolve({ signal, duration: this.#clock.now() - since, errors });
    });
  }

  async #close(): Promise<readonly unknown[]> {
    const errors: unknown[] = [];
    for (const row of this.#rows)
      await Promise.all(
        row.map(async (closable) => {
          try {
            await closable.close();
          } catch (error) {
            errors.push(error);
          }
        }),
      );
    return errors;
  }

  /** Without our handlers the signal does what it does by default. */
  #giveUp(signal: NodeJS.Signals): void {
    this.cancel();
    process.kill(process.pid, signal);
  }
}

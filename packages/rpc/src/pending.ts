import { LeveretError, systemClock } from '@leveret/core';

/** A call that waits for its reply. */
export interface PendingCall {
  readonly method: string;
  resolve(result: unknown): void;
  reject(error: LeveretError): void;
}

/** How long a call waits, and what can end the waiting. */
export interface WaitOptions {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** The calls that wait, by correlation id. Each settles exactly once, and leaves at that moment. */
export class PendingCalls {
  readonly #calls = new Map<string, PendingCall>();
  #refusal: ((method: string) => LeveretError) | undefined;

  /** How many wait. */
  get size(): number {
    return this.#calls.size;
  }

  /** Adds a call; the promise is its outcome. One that is aborted or comes too late never waits. */
  add(id: string, method: string, { timeout, signal }: WaitOptions): Promise<unknown> {
    if (this.#refusal) return Promise.reject(this.#refusal(method));
    if (signal?.aborted) return Promise.reject(aborted(method, signal));
    return new Promise((resolve, reject) => {
      const timer = systemClock.after(timeout, () => call.reject(timedOut(method, timeout)));
      const abort = (): void => call.reject(aborted(method, signal));
      const leave = (): boolean => {
        timer.cancel();
        signal?.removeEventListener('abort', abort);
        return this.#calls.delete(id);
      };
      const call: PendingCall = {
        method,
        resolve: (result) => {
          if (leave()) resolve(result);
        },
        reject: (error) => {
          if (leave()) reject(error);
        },
      };
      this.#calls.set(id, call);
      signal?.addEventListener('abort', abort);
    });
  }

  /** The call of that id, if it waits still. */
  get(id: string): PendingCall | undefined {
    return this.#calls.get(id);
  }

  /** Fails every call that waits. */
  rejectAll(error: (method: string) => LeveretError): void {
    for (const call of [...this.#calls.values()]) call.reject(error(call.method));
  }

  /** Fails every call that waits, and every one that comes from now on. */
  end(error: (method: string) => LeveretError): void {
    this.#refusal ??= error;
    this.rejectAll(error);
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

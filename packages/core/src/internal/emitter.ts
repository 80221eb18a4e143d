import { describe, LeveretError } from '../errors/leveret-error.ts';

/** Takes a listener off again. */
export type Unsubscribe = () => void;

/**
 * Listeners of one kind of record. A listener that throws does not disturb the others or the caller: its
 * error is thrown on a microtask of its own, where it surfaces like any uncaught error of the user's.
 */
export class Listeners<T> {
  readonly #listeners = new Set<(record: T) => void>();

  /** Whether anybody listens, so that records nobody reads need not be made. */
  get any(): boolean {
    return this.#listeners.size > 0;
  }

  /** Adds a listener. Errors: `INVALID_ARGUMENT`. */
  add(listener: (record: T) => void): Unsubscribe {
    if (typeof listener !== 'function')
      throw new LeveretError(
        'INVALID_ARGUMENT',
        `a listener must be a function, not ${describe(listener)}`,
      );
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells every listener that is there at the moment, not those that come meanwhile. */
  emit(record: T): void {
    for (const listener of [...this.#listeners]) {
      if (!this.#listeners.has(listener)) continue;
      try {
        listener(record);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** Takes every listener off. */
  clear(): void {
    this.#listeners.clear();
  }
}

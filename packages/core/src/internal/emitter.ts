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

  /** Adds a listener. */
  add(listener: (record: T) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells every listener. */
  emit(record: T): void {
    for (const listener of this.#listeners) {
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

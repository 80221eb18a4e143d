import { type Clock, systemClock } from '@leveret/core';
import { checkOptions, number, whole } from '../options.ts';
import type { Beginning, IdempotencyStore } from './idempotent.ts';

/** Bounds of what is remembered. */
export interface MemoryStoreOptions {
  /** Most tasks that are remembered; beyond it those go that were begun or done first. Default 10000. */
  readonly max?: number;
  /** Milliseconds that a task is remembered as done, or as being worked off. Default 3600000, an hour. */
  readonly ttl?: number;
  /** What tells the time. Default: the clock of the system. */
  readonly clock?: Clock;
}

interface Entry {
  readonly state: 'busy' | 'done';
  readonly until: number;
}

/** Remembers in the memory of this process, so for workers of this process alone. Errors: `INVALID_ARGUMENT`. */
export function memoryStore(options: MemoryStoreOptions = {}): IdempotencyStore {
  checkOptions(options);
  const { max = 10_000, ttl = 3_600_000, clock = systemClock } = options;
  return new MemoryStore(
    whole('max', max, 1),
    number('ttl', ttl, { min: 1, max: Number.MAX_SAFE_INTEGER }),
    clock,
  );
}

class MemoryStore implements IdempotencyStore {
  readonly #max: number;
  readonly #ttl: number;
  readonly #clock: Clock;
  /** In the order in which they were written. */
  readonly #entries = new Map<string, Entry>();

  constructor(max: number, ttl: number, clock: Clock) {
    this.#max = max;
    this.#ttl = ttl;
    this.#clock = clock;
  }

  begin(key: string): Beginning {
    const entry = this.#entries.get(key);
    if (entry && entry.until > this.#clock.now()) return entry.state;
    this.#write(key, 'busy');
    return 'begun';
  }

  finish(key: string): void {
    this.#write(key, 'done');
  }

  abandon(key: string): void {
    // Whoever was silent for too long may fail after another has finished.
    if (this.#entries.get(key)?.state === 'busy') this.#entries.delete(key);
  }

  #write(key: string, state: Entry['state']): void {
    this.#entries.delete(key);
    this.#entries.set(key, { state, until: this.#clock.now() + this.#ttl });
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= this.#max) return;
      this.#entries.delete(oldest);
    }
  }
}

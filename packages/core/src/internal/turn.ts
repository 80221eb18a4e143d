import { AsyncResource } from 'node:async_hooks';
import { Fifo } from './fifo.ts';

/**
 * The end of the current turn of the event loop: one `setImmediate` for all that is to happen then. What is written to sockets
 * goes last, so that whatever else ends a turn, such as merged acknowledgements, leaves with it.
 */
export class Turn {
  readonly #ending = new Fifo<() => void>();
  readonly #last = new Fifo<() => void>();
  #state: 'idle' | 'scheduled' | 'running' = 'idle';
  /** In the context of nobody: else all that ends a turn, handlers too, would run in that of whoever came first in it. */
  readonly #run = AsyncResource.bind((): void => this.#end());
  readonly #atItsEnd: (run: () => void) => void;

  constructor(atItsEnd: (run: () => void) => void) {
    this.#atItsEnd = atItsEnd;
  }

  /** Runs `fn` when the turn ends. */
  end(fn: () => void): void {
    this.#ending.push(fn);
    this.#schedule();
  }

  /** Runs `fn` after all that. */
  last(fn: () => void): void {
    this.#last.push(fn);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'scheduled';
    this.#atItsEnd(this.#run);
  }

  #end(): void {
    this.#state = 'running';
    try {
      for (let fn = this.#next(); fn; fn = this.#next()) fn();
    } finally {
      this.#state = 'idle';
      if (this.#ending.size + this.#last.size > 0) this.#schedule(); // one of them has thrown
    }
  }

  #next(): (() => void) | undefined {
    return this.#ending.shift() ?? this.#last.shift();
  }
}

/** The turn of this process. */
export const turn: Turn = new Turn((run) => void setImmediate(run));

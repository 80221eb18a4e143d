import { deadline } from '../deadline.ts';
import { TestkitError } from '../errors.ts';

/** How long the tests wait for what must come, in milliseconds. */
export const DEADLINE_MS = 10_000;

/** What arrived on one channel and has not been taken, oldest first. */
export class Mailbox<T> {
  readonly #items: T[] = [];
  readonly #takers: (() => void)[] = [];
  readonly #describe: () => string;
  #over: string | undefined;

  /** `describe` says in errors what has arrived so far. */
  constructor(describe: () => string) {
    this.#describe = describe;
  }

  /** How many items have not been taken. */
  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  /** Nothing more will come, for this reason: who waits for more fails at once. */
  end(reason: string): void {
    this.#over ??= reason;
    this.#wake();
  }

  /**
   * Takes the oldest item for which `matches`, waiting for it if need be; the others stay in their order.
   *
   * @throws TestkitError when it does not come in time or cannot come any more. The error names what was `awaited`.
   */
  async take(
    awaited: string,
    matches: (item: T) => boolean = () => true,
    ms: number = DEADLINE_MS,
  ): Promise<T> {
    const late = new AbortController();
    const taken = this.#taken(awaited, matches, late.signal);
    return await deadline(taken, ms, awaited).catch((error: unknown) => {
      late.abort();
      const message = error instanceof Error ? error.message : String(error);
      throw new TestkitError(`${message}; ${this.#describe()}`, { cause: error });
    });
  }

  async #taken(awaited: string, matches: (item: T) => boolean, late: AbortSignal): Promise<T> {
    for (;;) {
      // Who has given up leaves what comes later to others.
      late.throwIfAborted();
      const index = this.#items.findIndex(matches);
      const [item] = index < 0 ? [] : this.#items.splice(index, 1);
      if (item !== undefined) return item;
      if (this.#over !== undefined) throw new TestkitError(`awaited ${awaited}: ${this.#over}`);
      await new Promise<void>((resolve) => this.#takers.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#takers.splice(0)) wake();
  }
}

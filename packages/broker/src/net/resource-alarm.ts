import type { Budget } from '../model/budget.ts';

/** Why publishers are held back: the memory is used up, or a test asked for it. */
export class ResourceAlarm {
  readonly #budget: Budget;
  readonly #changed: () => void;
  #raised: string | undefined;

  /** @param changed called when the reason is another, or there is none any more */
  constructor(budget: Budget, changed: () => void) {
    this.#budget = budget;
    this.#changed = changed;
    budget.onChange((exhausted) => {
      if (exhausted) changed();
      // Memory gets free in the midst of a queue's work, where nobody may publish to it: whoever was held back would.
      else queueMicrotask(changed);
    });
  }

  /** The reason, or undefined while there is none. */
  get reason(): string | undefined {
    return this.#raised ?? (this.#budget.exhausted ? 'low on memory' : undefined);
  }

  /** Holds publishers back for a reason. */
  raise(reason: string): void {
    this.#raised = reason;
    this.#changed();
  }

  /** Takes that back. */
  clear(): void {
    this.#raised = undefined;
    this.#changed();
  }
}

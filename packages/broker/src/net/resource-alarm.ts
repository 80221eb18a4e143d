import type { Budget } from '../model/budget.ts';

/** A reason that a test gave. */
export interface RaisedAlarm {
  readonly reason: string;
}

/** Why publishers are held back: the memory is used up, or a test asked for it. */
export class ResourceAlarm {
  readonly #budget: Budget;
  readonly #changed: () => void;
  readonly #raised = new Set<RaisedAlarm>();

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
    for (const { reason } of this.#raised) return reason;
    return this.#budget.exhausted ? 'low on memory' : undefined;
  }

  /** Holds publishers back for a reason. */
  raise(reason: string): RaisedAlarm {
    const raised = { reason };
    this.#raised.add(raised);
    this.#changed();
    return raised;
  }

  /** Takes one reason back; publishers go on once none is left. */
  lower(raised: RaisedAlarm): void {
    this.#raised.delete(raised);
    this.#changed();
  }

  /** Takes all of them back. */
  clear(): void {
    this.#raised.clear();
    this.#changed();
  }
}

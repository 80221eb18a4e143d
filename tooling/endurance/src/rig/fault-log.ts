import type { Recorder } from '@leveret/testkit';
import { now } from '../protocol.ts';

/** Notes what is done, and when. */
export class FaultLog {
  readonly #gaps: Recorder['gaps'];
  readonly #counts = new Map<string, number>();

  constructor({ gaps }: Recorder) {
    this.#gaps = gaps;
  }

  /** How often what was done. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Does something, and notes it. */
  async during(kind: string, act: () => Promise<void>): Promise<void> {
    const from = now();
    await act();
    this.#gaps.fault(kind, from, now());
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }
}

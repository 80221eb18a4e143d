import type { Reporter } from './diagnostics.ts';
import type { LeveretEvent } from './events.ts';

/** A reporter that keeps what it is told. */
export function createReporter(): Reporter & { readonly events: readonly LeveretEvent[] } {
  const events: LeveretEvent[] = [];
  return { events, wants: () => true, report: (event) => void events.push(event) };
}

import type { Reporter } from '../diagnostics/diagnostics.ts';
import type { LeveretEvent, LeveretEventType, Replayed } from '../diagnostics/events.ts';
import type { Clock } from '../internal/clock.ts';
import type { Address } from './url.ts';

/** A time without the connection, or with channels that are not back yet. */
interface Outage {
  readonly since: number;
  attempts: number;
  channels: number;
  replayed: Replayed;
  resent: number;
}

/**
 * Reads along what is reported, and adds `reconnected`: once for each outage, when everything is back, with
 * what it took. Another loss before that belongs to the same outage.
 */
export class Outages implements Reporter {
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  #outage: Outage | undefined;

  constructor(reporter: Reporter, clock: Clock) {
    this.#reporter = reporter;
    this.#clock = clock;
  }

  wants(type: LeveretEventType): boolean {
    return this.#reporter.wants(type);
  }

  report(event: LeveretEvent): void {
    this.#note(event);
    this.#reporter.report(event);
  }

  /** The connection is there, and so are all its channels. */
  whole({ host, port }: Address): void {
    if (!this.#outage) return;
    const { since, ...told } = this.#outage;
    this.#outage = undefined;
    const duration = this.#clock.now() - since;
    this.#reporter.report({ type: 'reconnected', host, port, duration, ...told });
  }

  #note(event: LeveretEvent): void {
    switch (event.type) {
      case 'reconnecting':
        this.#outage ??= begun(this.#clock.now());
        this.#outage.attempts++;
        return;
      case 'connect-failed':
        if (this.#outage) this.#outage.attempts++;
        return;
      case 'recovered':
        if (this.#outage) add(this.#outage, event.replayed, event.resent);
    }
  }
}

function begun(since: number): Outage {
  const replayed = { exchanges: 0, queues: 0, bindings: 0, consumers: 0 };
  return { since, attempts: 0, channels: 0, replayed, resent: 0 };
}

function add(outage: Outage, replayed: Replayed, resent: number): void {
  const before = outage.replayed;
  outage.channels++;
  outage.resent += resent;
  outage.replayed = {
    exchanges: before.exchanges + replayed.exchanges,
    queues: before.queues + replayed.queues,
    bindings: before.bindings + replayed.bindings,
    consumers: before.consumers + replayed.consumers,
  };
}

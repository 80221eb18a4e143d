import { backoffDelay } from '../internal/backoff.ts';
import type { Clock, Timer } from '../internal/clock.ts';

/** Something that pauses, and how often it has. */
interface Refusal {
  readonly count: number;
  readonly timer: Timer;
}

/** What is known of the present channel. */
type Standing =
  /** It has answered nothing yet. */
  | { readonly kind: 'fresh' }
  /** It has refused everything so far, since that time. */
  | { readonly kind: 'refusing'; readonly since: number }
  /** It has taken something: what it refuses, it does for a reason. */
  | { readonly kind: 'proven' }
  /** It is to be replaced. */
  | { readonly kind: 'given up' };

/**
 * Milliseconds for which a channel may refuse everything: RabbitMQ 3.10 goes on refusing, until the end of a channel,
 * when that first published to a quorum queue while its leader was out of reach. Those that replace it may twice as
 * long each time: the queue may be full instead.
 */
const PATIENCE = 2000;

/** Milliseconds. */
const BACKOFF = { initial: 100, max: 1000 };

/**
 * What the broker refused (`basic.nack`) and is to be sent again after a pause. Measured on RabbitMQ 3.10: when the
 * node of a quorum queue's leader was killed, the next node refused what was published for 2 to 3 seconds.
 */
export class Refusals<T extends object> {
  readonly #clock: Clock;
  readonly #pausing = new Set<T>();
  readonly #refusals = new WeakMap<T, Refusal>();
  readonly #timeout: number;
  #until = 0;
  #patience = PATIENCE;
  #standing: Standing | undefined;

  /** `timeout` is for how long after a loss refusals are no end, in milliseconds. */
  constructor(clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** How many pause. */
  get size(): number {
    return this.#pausing.size;
  }

  /** Those that pause. */
  get items(): readonly T[] {
    return [...this.#pausing];
  }

  /** There is another channel. */
  attached(): void {
    const before = this.#standing?.kind;
    this.#standing = { kind: 'fresh' };
    if (before === 'given up') {
      this.#patience *= 2;
      return;
    }
    this.#patience = PATIENCE;
    if (before !== undefined) this.#until = this.#clock.now() + this.#timeout;
  }

  /** The channel has taken something. */
  taken(): void {
    if (this.#standing?.kind !== 'proven') this.#standing = { kind: 'proven' };
  }

  /** The channel has refused something. Gives whether it is to be replaced. */
  refused(): boolean {
    const now = this.#clock.now();
    const standing = this.#standing;
    if (standing?.kind === 'fresh') this.#standing = { kind: 'refusing', since: now };
    if (standing?.kind !== 'refusing' || now - standing.since < this.#patience) return false;
    this.#standing = { kind: 'given up' };
    return true;
  }

  /** Lets it pause, then calls `due`. Gives false where refusals are not tolerated any more. */
  pause(item: T, due: () => void): boolean {
    if (this.#clock.now() >= this.#until) return false;
    const count = (this.#refusals.get(item)?.count ?? 0) + 1;
    const timer = this.#clock.after(backoffDelay(count, BACKOFF, this.#clock.random()), () => {
      this.#pausing.delete(item);
      due();
    });
    this.#refusals.set(item, { count, timer });
    this.#pausing.add(item);
    return true;
  }

  /** Whether it pauses. */
  has(item: T): boolean {
    return this.#pausing.has(item);
  }

  /** Lets go of it; harmless where it does not pause. */
  delete(item: T): void {
    if (this.#pausing.delete(item)) this.#refusals.get(item)?.timer.cancel();
  }
}

import { backoffDelay } from '../internal/backoff.ts';
import type { Clock, Timer } from '../internal/clock.ts';
import type { WireMessage } from '../message/message.ts';

/** Something that pauses, and how often it has. */
interface Refusal {
  readonly count: number;
  readonly timer: Timer;
}

/**
 * Milliseconds for which a destination may refuse everything from soon after the channel was opened: RabbitMQ 3.10 goes
 * on refusing, until the end of a channel, what that published first while a quorum queue had no leader in reach. Each
 * channel that replaces one for that may twice as long: the queue may be full instead.
 */
const PATIENCE = 2000;
/** After which patience no further channel is tried. */
const LAST_PATIENCE = 32_000;
/** Most destinations that are watched for it. */
const WATCHED = 1000;

/** Where a message goes. */
type Destination = Pick<WireMessage, 'exchange' | 'routingKey'>;

/** Milliseconds. */
const BACKOFF = { initial: 100, max: 1000 };

/**
 * What the broker refused (`basic.nack`) and is to be sent again after a pause. Where the node
 * of a quorum queue's leader is killed, RabbitMQ 3.10 refuses on the next for some two seconds
 * (`npm run bench -- 3 scaling gap`).
 */
export class Refusals<T extends object> {
  readonly #clock: Clock;
  readonly #pausing = new Set<T>();
  readonly #refusals = new WeakMap<T, Refusal>();
  readonly #timeout: number;
  /** Destinations that have refused everything so far, since when. */
  readonly #refusing = new Map<string, number>();
  #until = 0;
  #patience = PATIENCE;
  #channel: 'none' | 'present' | 'given up' = 'none';
  #attachedAt = 0;

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
    const before = this.#channel;
    this.#channel = 'present';
    this.#attachedAt = this.#clock.now();
    this.#refusing.clear();
    this.#patience = before === 'given up' ? this.#patience * 2 : PATIENCE;
    if (before === 'present') this.#until = this.#attachedAt + this.#timeout;
  }

  /** The destination has taken something. */
  taken({ exchange, routingKey }: Destination): void {
    if (this.#refusing.size > 0) this.#refusing.delete(`${exchange}\0${routingKey}`);
  }

  /** The destination has refused something. Gives whether the channel is to be replaced. */
  refused({ exchange, routingKey }: Destination): boolean {
    if (this.#channel !== 'present') return false;
    const now = this.#clock.now();
    const key = `${exchange}\0${routingKey}`;
    const since = this.#refusing.get(key);
    if (since === undefined) {
      const isSoon = now - this.#attachedAt <= this.#timeout;
      if (isSoon && this.#refusing.size < WATCHED) this.#refusing.set(key, now);
      return false;
    }
    if (now - since < this.#patience || this.#patience > LAST_PATIENCE) return false;
    this.#channel = 'given up';
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

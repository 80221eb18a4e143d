import type { Clock, Timer } from '../base/clock.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Link } from './link.ts';

/** No publish has this tag. */
const NEVER = 0;

/**
 * Publisher confirms of a channel. Acks are gathered and go out together, so that one `basic.ack` answers all publishes
 * that were read in one go; a nack goes out at once, after the acks before it.
 */
export class Confirms {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #plan: FaultPlan;
  /**
   * Publishes whose confirm a fault holds back, with what ends that; while there is one, no ack may cover several. All
   * those whose confirm never comes share one entry.
   */
  readonly #withheld = new Map<number, Timer | undefined>();
  #lastTag = 0;
  /** The first publish that is to be acked, of those up to `#lastTag`; undefined when there is none. */
  #firstUnsent: number | undefined;

  constructor(link: Link, clock: Clock, plan: FaultPlan) {
    this.#link = link;
    this.#clock = clock;
    this.#plan = plan;
  }

  /** Answers the next publish: stored, or refused by a queue. */
  settle(stored: boolean): void {
    if (!stored) {
      this.flush();
      this.#lastTag += 1;
      this.#link.send('basic.nack', {
        deliveryTag: this.#lastTag,
        multiple: false,
        requeue: false,
      });
      return;
    }
    const fault = this.#plan.confirms;
    if (fault.kind === 'drop' || fault.kind === 'delay') {
      this.flush();
      this.#lastTag += 1;
      if (fault.kind === 'delay') this.#delay(this.#lastTag, fault.ms);
      else this.#withheld.set(NEVER, undefined);
      return;
    }
    this.#lastTag += 1;
    this.#firstUnsent ??= this.#lastTag;
  }

  /** Writes the acks that were gathered. */
  flush(): void {
    const first = this.#firstUnsent;
    if (first === undefined) return;
    this.#firstUnsent = undefined;
    const last = this.#lastTag;
    if (first === last || this.#withheld.size === 0) {
      this.#ack(last, first !== last);
    } else {
      for (let tag = first; tag <= last; tag += 1) this.#ack(tag, false);
    }
  }

  #ack(deliveryTag: number, multiple: boolean): void {
    this.#link.send('basic.ack', { deliveryTag, multiple });
  }

  #delay(tag: number, ms: number): void {
    const release = (): void => {
      this.#withheld.delete(tag);
      this.#ack(tag, false);
    };
    this.#withheld.set(tag, this.#clock.after(ms, release));
  }

  /** The channel is gone: what was held back is never sent. */
  abandon(): void {
    for (const timer of this.#withheld.values()) timer?.cancel();
    this.#withheld.clear();
    this.#firstUnsent = undefined;
  }
}

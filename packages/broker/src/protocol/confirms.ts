import type { Clock, Timer } from '../base/clock.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Link } from './link.ts';

/**
 * Publisher confirms of a channel. Acks are gathered and go out together, so that one `basic.ack` answers all publishes
 * that were read in one go; a nack goes out at once, after the acks before it.
 */
export class Confirms {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #plan: FaultPlan;
  /** Publishes whose confirm a fault holds back, with what ends that; while there is one, no ack may cover several. */
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
      this.#withhold(this.#lastTag, fault.kind === 'delay' ? fault.ms : undefined);
      return;
    }
    this.#lastTag += 1;
    this.#firstUnsent ??= this.#lastTag;
  }

  /** Whether acks wait for `flush`. */
  get pending(): boolean {
    return this.#firstUnsent !== undefined;
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

  #withhold(tag: number, ms: number | undefined): void {
    const release = (): void => {
      this.#withheld.delete(tag);
      this.#ack(tag, false);
    };
    this.#withheld.set(tag, ms === undefined ? undefined : this.#clock.after(ms, release));
  }

  /** The channel is gone: what was held back is never sent. */
  abandon(): void {
    for (const timer of this.#withheld.values()) timer?.cancel();
    this.#withheld.clear();
    this.#firstUnsent = undefined;
  }
}

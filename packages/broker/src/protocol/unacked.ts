import { AmqpError } from '../base/amqp-error.ts';
import type { Entry } from '../model/message.ts';
import type { Queue } from '../model/queue/queue.ts';
import type { ChannelConsumer } from './channel-consumer.ts';

/** A delivery that the client has yet to settle. */
export interface Unacked {
  readonly tag: number;
  readonly queue: Queue;
  readonly entry: Entry;
  /** Undefined for what `basic.get` fetched: no prefetch counts it. */
  readonly consumer: ChannelConsumer | undefined;
}

/** The unsettled deliveries of a channel by their delivery tag, in the order of delivery. */
export class UnackedDeliveries {
  readonly #byTag = new Map<number, Unacked>();
  #lastTag = 0;
  /** No tag below it is outstanding. The map itself is slow to find its first entry once many before it have gone. */
  #oldest = 1;

  /** The tag of the next delivery. Deliveries that need no acknowledgement use one as well. */
  nextTag(): number {
    this.#lastTag += 1;
    return this.#lastTag;
  }

  get size(): number {
    return this.#byTag.size;
  }

  add(delivery: Unacked): void {
    this.#byTag.set(delivery.tag, delivery);
  }

  /**
   * Takes out what a settlement names.
   *
   * @param multiple all up to the tag, or all for tag 0
   * @throws AmqpError 406 for a tag that is not outstanding
   */
  take(tag: number, multiple: boolean): readonly Unacked[] {
    if (multiple && tag === 0) return this.takeAll();
    const one = this.#byTag.get(tag);
    if (one === undefined) throw new AmqpError(406, `unknown delivery tag ${tag}`);
    if (!multiple) {
      this.#byTag.delete(tag);
      return [one];
    }
    const taken: Unacked[] = [];
    for (; this.#oldest <= tag; this.#oldest += 1) {
      const delivery = this.#byTag.get(this.#oldest);
      if (delivery === undefined) continue;
      this.#byTag.delete(this.#oldest);
      taken.push(delivery);
    }
    return taken;
  }

  /** Takes out everything. */
  takeAll(): readonly Unacked[] {
    const all = Array.from(this.#byTag.values());
    this.#byTag.clear();
    return all;
  }

  /** Puts back what a rolled back transaction had settled. */
  restore(deliveries: readonly Unacked[]): void {
    const all = [...deliveries, ...this.takeAll()];
    all.sort((a, b) => a.tag - b.tag);
    for (const delivery of all) this.add(delivery);
    this.#oldest = Math.min(this.#oldest, all[0]?.tag ?? this.#oldest);
  }
}

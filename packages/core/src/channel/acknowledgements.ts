import type { DriverChannel } from '../driver/driver.ts';
import { TagMap } from '../internal/tag-map.ts';

/** The part of a driver channel that settlements go to. */
export type SettlingChannel = Pick<DriverChannel, 'ack' | 'nack' | 'reject'>;

/**
 * Settles the deliveries of one channel. Acknowledgements of one turn of the event loop are merged: all
 * that have nothing unsettled before them go out as one `multiple`, the rest one by one. What it remembers
 * is bounded by what is unsettled.
 */
export class Acknowledgements {
  readonly #channel: SettlingChannel;
  readonly #endOfTurn: (fn: () => void) => void;
  /** Unsettled deliveries: tags only ever grow. */
  readonly #unsettled = new TagMap<true>();
  #acked: number[] = [];
  readonly #flush = (): void => this.flush();

  constructor(channel: SettlingChannel, endOfTurn: (fn: () => void) => void) {
    this.#channel = channel;
    this.#endOfTurn = endOfTurn;
  }

  /** How many deliveries are unsettled. */
  get unsettled(): number {
    return this.#unsettled.size;
  }

  /** A delivery came that has to be settled. */
  delivered(tag: number): void {
    this.#unsettled.add(tag, true);
  }

  /** Acknowledges at the end of this turn. */
  ack(tag: number): void {
    if (!this.#unsettled.take(tag)) return;
    if (this.#acked.push(tag) === 1) this.#endOfTurn(this.#flush);
  }

  /** Refuses at once. */
  refuse(tag: number, how: 'nack' | 'reject', requeue: boolean): void {
    if (!this.#unsettled.take(tag)) return;
    this.#channel[how](tag, requeue);
  }

  /** Sends the acknowledgements held back, if there are any. */
  flush(): void {
    const acked = this.#acked;
    if (acked.length === 0) return;
    this.#acked = [];
    const oldest = this.#unsettled.oldest ?? Number.POSITIVE_INFINITY;
    let merged = 0;
    let upTo = 0;
    for (const tag of acked) {
      if (tag > oldest) {
        this.#channel.ack(tag, false);
      } else {
        merged++;
        if (tag > upTo) upTo = tag;
      }
    }
    if (merged > 0) this.#channel.ack(upTo, merged > 1);
  }
}

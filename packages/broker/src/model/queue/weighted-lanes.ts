import type { Entry } from '../message.ts';
import { Lane } from './lane.ts';
import type { Ready } from './ready.ts';

/** After so many messages one of normal priority has its turn, as in rabbit_fifo_q.erl of RabbitMQ 4.0. */
const WEIGHT = 2;

/** The lowest priority that counts as high (https://www.rabbitmq.com/docs/4.0/quorum-queues#priorities). */
const HIGH = 5;

/** Messages of high and of normal priority: two high ones go out for each normal one, so that none starves. */
export class WeightedLanes implements Ready {
  readonly #high = new Lane();
  readonly #normal = new Lane();
  /** Counts the messages that went out, from 0 to `WEIGHT` and round. */
  #turn = 0;

  get size(): number {
    return this.#high.size + this.#normal.size;
  }

  get first(): Entry | undefined {
    return this.#next().first;
  }

  shift(): Entry | undefined {
    const entry = this.#next().shift();
    if (entry !== undefined) this.#turn = this.#turn === WEIGHT ? 0 : this.#turn + 1;
    return entry;
  }

  push(entry: Entry): void {
    (entry.message.priority >= HIGH ? this.#high : this.#normal).push(entry);
  }

  putBack(entries: readonly Entry[]): void {
    this.#high.putBack(entries.filter((entry) => entry.message.priority >= HIGH));
    this.#normal.putBack(entries.filter((entry) => entry.message.priority < HIGH));
  }

  #next(): Lane {
    const high = this.#high.first;
    const normal = this.#normal.first;
    if (high === undefined) return this.#normal;
    const normalsTurn =
      this.#turn === WEIGHT && normal !== undefined && normal.position < high.position;
    return normalsTurn ? this.#normal : this.#high;
  }
}

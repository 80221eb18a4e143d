import type { Consumer } from '../consumer.ts';
import type { Entry } from '../message.ts';
import type { Dispatch } from './dispatch.ts';
import { PriorityLevels } from './priority-levels.ts';

/**
 * One consumer gets all messages. When it leaves, the one of the highest priority takes over, among equals the one that
 * came first (https://www.rabbitmq.com/docs/consumers#single-active-consumer).
 *
 * It may have to give way to one of a higher priority that comes: at once where it holds nothing, else it gets no more
 * until it has settled all it holds, even if the other one leaves. The highest that is there then is the active one.
 */
export class SingleActive implements Dispatch {
  readonly consumers: Set<Consumer> = new Set();
  /** Never rotated, so that they stay in the order in which they came. */
  readonly #levels = new PriorityLevels();
  readonly #givesWay: boolean;
  #active: Consumer | undefined;
  /** What the active one holds, where it gives way. */
  readonly #held = new Set<Entry>();
  /** Whether the active one gets no more. */
  #leaving = false;
  /** Whether the active one said that it is not ready. */
  #asleep = false;

  /** @param givesWay whether the active one gives way to one of a higher priority */
  constructor(givesWay: boolean) {
    this.#givesWay = givesWay;
  }

  get active(): Consumer | undefined {
    return this.#active;
  }

  add(consumer: Consumer): void {
    this.consumers.add(consumer);
    this.#levels.push(consumer);
    if (this.#active === undefined) this.#activate();
    // The active one is the first of its priority: only a higher one can be in front of it.
    if (!this.#givesWay || this.#levels.first === this.#active) return;
    if (this.#held.size === 0) this.#activate();
    else this.#leaving = true;
  }

  remove(consumer: Consumer): boolean {
    if (!this.consumers.delete(consumer)) return false;
    this.#levels.remove(consumer);
    if (consumer === this.#active) this.#activate();
    return true;
  }

  resume(consumer: Consumer): boolean {
    if (consumer !== this.#active || !this.#asleep) return false;
    this.#asleep = false;
    return true;
  }

  next(): Consumer | undefined {
    if (this.#active === undefined || this.#asleep || this.#leaving) return undefined;
    if (this.#active.ready()) return this.#active;
    this.#asleep = true;
    return undefined;
  }

  handed(entry: Entry): void {
    if (this.#givesWay) this.#held.add(entry);
  }

  settled(entry: Entry): boolean {
    if (!this.#held.delete(entry) || this.#held.size > 0 || !this.#leaving) return false;
    this.#activate();
    return true;
  }

  #activate(): void {
    this.#active = this.#levels.first;
    this.#asleep = false;
    this.#leaving = false;
    this.#held.clear();
  }
}

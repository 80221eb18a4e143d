import type { Consumer } from '../consumer.ts';
import type { Dispatch } from './dispatch.ts';
import { PriorityLevels } from './priority-levels.ts';

/**
 * One consumer gets all messages. When it leaves, the one of the highest priority takes over, among equals the one that
 * came first (https://www.rabbitmq.com/docs/consumers#single-active-consumer).
 */
export class SingleActive implements Dispatch {
  readonly consumers: Set<Consumer> = new Set();
  /** Never rotated, so that they stay in the order in which they came. */
  readonly #levels = new PriorityLevels();
  #active: Consumer | undefined;
  /** Whether the active one said that it is not ready. */
  #asleep = false;

  get active(): Consumer | undefined {
    return this.#active;
  }

  add(consumer: Consumer): void {
    this.consumers.add(consumer);
    this.#levels.push(consumer);
    if (this.#active === undefined) this.#activate();
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
    if (this.#active === undefined || this.#asleep) return undefined;
    if (this.#active.ready()) return this.#active;
    this.#asleep = true;
    return undefined;
  }

  #activate(): void {
    this.#active = this.#levels.first;
    this.#asleep = false;
  }
}

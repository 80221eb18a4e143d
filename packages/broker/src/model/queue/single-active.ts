import type { Consumer } from '../consumer.ts';
import type { Dispatch } from './dispatch.ts';

/**
 * One consumer gets all messages. When it leaves, the one of the highest priority takes over, among equals the one that
 * came first (https://www.rabbitmq.com/docs/consumers#single-active-consumer).
 */
export class SingleActive implements Dispatch {
  readonly consumers: Set<Consumer> = new Set();
  #active: Consumer | undefined;
  /** Whether the active one said that it is not ready. */
  #asleep = false;

  get active(): Consumer | undefined {
    return this.#active;
  }

  add(consumer: Consumer): void {
    this.consumers.add(consumer);
    if (this.#active === undefined) this.#activate(consumer);
  }

  remove(consumer: Consumer): boolean {
    if (!this.consumers.delete(consumer)) return false;
    if (consumer === this.#active) this.#activate(this.#successor());
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

  #activate(consumer: Consumer | undefined): void {
    this.#active = consumer;
    this.#asleep = false;
  }

  #successor(): Consumer | undefined {
    let best: Consumer | undefined;
    for (const consumer of this.consumers) {
      if (best === undefined || consumer.priority > best.priority) best = consumer;
    }
    return best;
  }
}

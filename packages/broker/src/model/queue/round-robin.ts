import type { Consumer } from '../consumer.ts';
import type { Dispatch } from './dispatch.ts';
import { PriorityLevels } from './priority-levels.ts';

/**
 * Messages go to consumers in turn; to those of a lower priority only while none of a higher one is ready
 * (https://www.rabbitmq.com/docs/consumer-priority).
 */
export class RoundRobin implements Dispatch {
  readonly consumers: Set<Consumer> = new Set();
  readonly active = undefined;
  /** Those that are asked. The others said that they are not ready. */
  readonly #awake = new PriorityLevels();
  readonly #asleep = new Set<Consumer>();

  add(consumer: Consumer): void {
    this.consumers.add(consumer);
    this.#awake.push(consumer);
  }

  remove(consumer: Consumer): boolean {
    if (!this.consumers.delete(consumer)) return false;
    if (!this.#asleep.delete(consumer)) this.#awake.remove(consumer);
    return true;
  }

  resume(consumer: Consumer): boolean {
    if (!this.#asleep.delete(consumer)) return false;
    this.#awake.push(consumer);
    return true;
  }

  next(): Consumer | undefined {
    for (let { first } = this.#awake; first !== undefined; { first } = this.#awake) {
      if (first.ready()) {
        this.#awake.rotate();
        return first;
      }
      this.#awake.remove(first);
      this.#asleep.add(first);
    }
    return undefined;
  }

  handed(): void {}

  settled(): boolean {
    return false;
  }
}

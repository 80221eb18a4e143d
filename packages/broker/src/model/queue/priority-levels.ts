import type { Consumer } from '../consumer.ts';
import { Ring } from './ring.ts';

/** Consumers of the same priority, in the order of their turns. */
interface Level {
  readonly priority: number;
  readonly ring: Ring<Consumer>;
}

/** Consumers, each of them there once: those of the highest priority in front, and among equals in turn. */
export class PriorityLevels {
  /** Highest priority first; none is empty. */
  readonly #levels: Level[] = [];

  /** The one in front; undefined where there is nobody. */
  get first(): Consumer | undefined {
    return this.#levels[0]?.ring.first;
  }

  /** Puts a consumer behind all others of its priority. */
  push(consumer: Consumer): void {
    const { priority } = consumer;
    const at = this.#placeOf(priority);
    const found = this.#levels[at];
    const level = found?.priority === priority ? found : { priority, ring: new Ring<Consumer>() };
    if (level !== found) this.#levels.splice(at, 0, level);
    level.ring.push(consumer);
  }

  /** The one in front goes behind all others of its priority. */
  rotate(): void {
    this.#levels[0]?.ring.rotate();
  }

  /** Takes a consumer out; nothing where it is not in. */
  remove(consumer: Consumer): void {
    const at = this.#placeOf(consumer.priority);
    const level = this.#levels[at];
    if (level?.priority !== consumer.priority) return;
    level.ring.remove(consumer);
    if (level.ring.size === 0) this.#levels.splice(at, 1);
  }

  /** Where the level of a priority is, or belongs. */
  #placeOf(priority: number): number {
    let [low, high] = [0, this.#levels.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const level = this.#levels[middle];
      if (level !== undefined && level.priority > priority) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

import type { Consumer } from '../consumer.ts';
import type { Dispatch } from './dispatch.ts';
import { Ring } from './ring.ts';

/** Consumers of the same priority. */
interface Level {
  readonly priority: number;
  /** Those that are asked, in the order of their turns. The others said that they are not ready. */
  readonly awake: Ring<Consumer>;
}

/**
 * Messages go to consumers in turn; to those of a lower priority only while none of a higher one is ready
 * (https://www.rabbitmq.com/docs/consumer-priority).
 */
export class RoundRobin implements Dispatch {
  readonly consumers: Set<Consumer> = new Set();
  readonly active = undefined;
  readonly #asleep = new Set<Consumer>();
  /** Highest priority first, without those of whom nobody is awake. */
  readonly #levels: Level[] = [];

  add(consumer: Consumer): void {
    this.consumers.add(consumer);
    this.#levelOf(consumer.priority).awake.push(consumer);
  }

  remove(consumer: Consumer): boolean {
    if (!this.consumers.delete(consumer)) return false;
    if (this.#asleep.delete(consumer)) return true;
    const level = this.#levelOf(consumer.priority);
    level.awake.remove(consumer);
    if (level.awake.size === 0) this.#levels.splice(this.#levels.indexOf(level), 1);
    return true;
  }

  resume(consumer: Consumer): boolean {
    if (!this.#asleep.delete(consumer)) return false;
    this.#levelOf(consumer.priority).awake.push(consumer);
    return true;
  }

  next(): Consumer | undefined {
    for (let [level] = this.#levels; level !== undefined; [level] = this.#levels) {
      const { awake } = level;
      for (let { first } = awake; first !== undefined; { first } = awake) {
        if (first.ready()) {
          awake.rotate();
          return first;
        }
        awake.remove(first);
        this.#asleep.add(first);
      }
      this.#levels.shift();
    }
    return undefined;
  }

  /** The level of a priority, which is made where there is none. */
  #levelOf(priority: number): Level {
    const at = this.#levels.findIndex((level) => level.priority <= priority);
    const found = this.#levels[at];
    if (found?.priority === priority) return found;
    const level = { priority, awake: new Ring<Consumer>() };
    this.#levels.splice(at === -1 ? this.#levels.length : at, 0, level);
    return level;
  }
}

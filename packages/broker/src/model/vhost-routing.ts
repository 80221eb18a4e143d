import type { Table } from '../base/field.ts';
import type { Exchange } from './exchange.ts';
import type { Destination, QueueDestination } from './exchanges/binding.ts';
import type { Destinations } from './exchanges/router.ts';
import type { Message } from './message.ts';
import type { Queue } from './queue/queue.ts';

/** Where routing finds exchanges and queues by name. */
export interface Names {
  exchange(name: string): Exchange | undefined;
  queue(name: string): QueueDestination | undefined;
}

/** Finds the queues that a message goes to, through exchanges bound to exchanges and alternate exchanges. */
export class Routing implements Destinations {
  readonly #names: Names;
  /** Tells messages apart. */
  #mark = 0;
  #queues: Queue[] = [];
  readonly #waiting: Exchange[] = [];
  /** Whether the exchange in hand had a route. */
  #found = false;

  constructor(names: Names) {
    this.#names = names;
  }

  /** The queues for a message that came to an exchange, each once. */
  route(origin: Exchange, message: Message, headers: Table | undefined): readonly Queue[] {
    const queues: Queue[] = [];
    this.#queues = queues;
    this.#mark += 1;
    if (origin.name === '') this.#routeByName(message);
    else this.#routeByBindings(origin, message, headers);
    return queues;
  }

  /** Takes what a router finds. */
  add(destination: Destination): void {
    this.#found = true;
    if (destination.mark === this.#mark) return;
    destination.mark = this.#mark;
    if (destination.kind === 'queue') this.#queues.push(destination.queue);
    else this.#waiting.push(destination);
  }

  /** The default exchange: every queue is bound to it by its name. */
  #routeByName({ routingKey, cc }: Message): void {
    this.#addQueue(routingKey);
    if (cc !== undefined) for (const key of cc) this.#addQueue(key);
  }

  #addQueue(name: string): void {
    const queue = this.#names.queue(name);
    if (queue !== undefined) this.add(queue);
  }

  /**
   * As an alternate exchange, the default one routes nothing, since the bindings by name are not among its bindings:
   * so does RabbitMQ.
   */
  #routeByBindings(origin: Exchange, message: Message, headers: Table | undefined): void {
    this.add(origin);
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      this.#found = false;
      next.route(message, headers, this);
      if (this.#found || next.alternate === undefined) continue;
      const alternate = this.#names.exchange(next.alternate);
      if (alternate !== undefined) this.add(alternate);
    }
  }
}

import { AmqpError } from '../base/amqp-error.ts';
import type { Clock } from '../base/clock.ts';
import type { Table } from '../base/field.ts';
import type { ProfileRules } from '../base/profile.ts';
import type { Authorize } from './access.ts';
import type { Budget } from './budget.ts';
import type { Owner } from './consumer.ts';
import type { Exchange } from './exchange.ts';
import { describeExchange } from './exchange-arguments.ts';
import type { Binding, Destination, QueueDestination } from './exchanges/binding.ts';
import type { Message } from './message.ts';
import type { Queue } from './queue/queue.ts';
import { describeQueue } from './queue/queue-arguments.ts';
import type { QueueHost } from './queue/queue-host.ts';
import { WorkList } from './queue/work-list.ts';
import { checkNotDefault, type ExchangeDeclaration, Exchanges } from './vhost-exchanges.ts';
import { withoutLineBreaks } from './vhost-names.ts';
import {
  checkDeletion,
  checkNotLocked,
  type QueueDeclaration,
  type QueueDeletion,
  Queues,
} from './vhost-queues.ts';
import { Routing } from './vhost-routing.ts';

/** What a virtual host needs of the broker. */
export interface VirtualHostPorts {
  readonly clock: Clock;
  readonly rules: ProfileRules;
  readonly budget: Budget;
  /** How many queues there may be; any number unless given. */
  readonly maxQueues?: number;
}

/**
 * What became of a message: in a queue at least, nowhere, or refused by a queue that is full (its publisher gets
 * `basic.nack`, though other queues may have taken it).
 */
export type PublishOutcome = 'routed' | 'unroutable' | 'refused';

/** The queues that a message goes to. */
export type Route = readonly Queue[];

/** A message that died in a queue, on its way to another. */
interface Letter {
  readonly message: Message;
  readonly mayReach: (queue: string) => boolean;
}

const anybody: Authorize = () => {};

/** A virtual host: exchanges, queues, and the bindings between them. Names stand for themselves in every one. */
export class VirtualHost {
  readonly name: string;
  readonly #exchanges: Exchanges;
  readonly #queues: Queues;
  readonly #routing: Routing;
  readonly #letters = new WorkList<Letter>((letter) => this.#post(letter));
  readonly #listeners = new Set<() => void>();

  constructor(name: string, ports: VirtualHostPorts) {
    this.name = name;
    this.#exchanges = new Exchanges(name, ports.rules);
    this.#queues = new Queues(
      name,
      this.#queueHost(ports),
      ports.maxQueues ?? Number.POSITIVE_INFINITY,
    );
    this.#routing = new Routing({
      exchange: (exchange) => this.#exchanges.find(exchange),
      queue: (queue) => this.#queues.find(queue),
    });
  }

  /** Those of the broker and the default exchange included, in the order in which they came. */
  get exchanges(): Iterable<Exchange> {
    return this.#exchanges.all;
  }

  /** In the order in which they came. */
  get queues(): Iterable<Queue> {
    return [...this.#queues.all].map(({ queue }) => queue);
  }

  /** All but those of the default exchange, by exchange. */
  get bindings(): Iterable<Binding> {
    return [...this.#exchanges.all].flatMap(({ bindings }) => [...bindings]);
  }

  /** Calls the listener after every change of exchanges, queues, bindings, depths or consumers. Returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes an exchange, or finds the same one. @see Exchanges.declare for what it throws */
  declareExchange(declaration: ExchangeDeclaration, authorize: Authorize = anybody): Exchange {
    const exchange = this.#exchanges.declare(declaration, authorize);
    this.#changed();
    return exchange;
  }

  /**
   * The exchange of that name (passive declaration).
   *
   * @throws AmqpError 404 where there is none, 403 for the default exchange
   */
  checkExchange(name: string): Exchange {
    return this.#exchanges.check(name);
  }

  /**
   * Deletes an exchange and its bindings; nothing where there is none.
   *
   * @param ifUnused only where no bindings lead from it
   * @throws AmqpError 403 for the exchanges that the broker made, 406 where bindings lead from it
   */
  deleteExchange(name: string, ifUnused: boolean): void {
    this.#exchanges.delete(name, ifUnused);
    this.#changed();
  }

  /**
   * Binds an exchange to another, from which it then gets messages.
   *
   * @throws AmqpError 403 for the default exchange, 404 where one is missing, 406 for wrong arguments
   */
  bindExchange(destination: string, source: string, routingKey: string, args: Table): void {
    const { from, to } = bindingNames(source, destination);
    checkNotDefault(to);
    checkNotDefault(from);
    const exchange = this.#exchanges.get(from);
    this.#bind(exchange, this.#exchanges.get(to), routingKey, args);
  }

  /**
   * Takes the binding away; nothing where there is none, or where an exchange is missing.
   *
   * @throws AmqpError 403 for the default exchange
   */
  unbindExchange(destination: string, source: string, routingKey: string, args: Table): void {
    const { from, to } = bindingNames(source, destination);
    checkNotDefault(to);
    checkNotDefault(from);
    this.#unbind(from, this.#exchanges.find(to), routingKey, args);
  }

  /** Makes a queue, or finds the same one. @see Queues.declare for what it throws */
  declareQueue(declaration: QueueDeclaration, owner: Owner, authorize: Authorize = anybody): Queue {
    const queue = this.#queues.declare(declaration, owner, authorize);
    this.#changed();
    return queue;
  }

  /**
   * The queue of that name (passive declaration), which counts as a use of it.
   *
   * @throws AmqpError 404 where there is none, 405 where it is exclusive to another owner
   */
  checkQueue(name: string, owner: Owner): Queue {
    const queue = this.queue(withoutLineBreaks(name), owner);
    queue.touch();
    return queue;
  }

  /** The queue of exactly that name, whosever it is; undefined where there is none. */
  findQueue(name: string): Queue | undefined {
    return this.#queues.find(name)?.queue;
  }

  /**
   * The queue of exactly that name.
   *
   * @throws AmqpError 404 where there is none, 405 where it is exclusive to another owner
   */
  queue(name: string, owner: Owner): Queue {
    return this.#queues.get(name, owner).queue;
  }

  /**
   * Deletes a queue, its messages and its bindings. Returns how many messages waited; 0 where there is no such queue.
   *
   * @throws AmqpError 405 where it is exclusive to another owner, 406 where it is in use or not empty, 540 for a
   *   condition on a quorum queue
   * @param deleted told the same before any consumer is cancelled
   */
  deleteQueue(
    name: string,
    deletion: QueueDeletion,
    owner: Owner,
    deleted: (messageCount: number) => void = () => {},
  ): number {
    const found = this.#queues.find(withoutLineBreaks(name));
    if (found === undefined) {
      deleted(0);
      return 0;
    }
    checkNotLocked(found.queue, owner);
    checkDeletion(found.queue, deletion);
    return this.#remove(found, deleted);
  }

  /**
   * Binds a queue to an exchange.
   *
   * @throws AmqpError 403 for the default exchange, 404 where one is missing, 405 where the queue is exclusive to
   *   another owner, 406 for wrong arguments
   */
  bindQueue(queue: string, exchange: string, routingKey: string, args: Table, owner: Owner): void {
    const { from, to } = bindingNames(exchange, queue);
    checkNotDefault(from);
    const source = this.#exchanges.get(from);
    const destination = this.#queues.find(to);
    if (destination === undefined) {
      throw new AmqpError(404, `no ${describeQueue({ vhost: this.name, name: to })}`);
    }
    source.checkBinding(routingKey, args);
    checkNotLocked(destination.queue, owner);
    this.#bind(source, destination, routingKey, args);
  }

  /**
   * Takes the binding away; nothing where there is none, or where queue or exchange are missing.
   *
   * @throws AmqpError 403 for the default exchange, 405 where the queue is exclusive to another owner
   */
  unbindQueue(
    queue: string,
    exchange: string,
    routingKey: string,
    args: Table,
    owner: Owner,
  ): void {
    const { from, to } = bindingNames(exchange, queue);
    checkNotDefault(from);
    const destination = this.#queues.find(to);
    if (destination === undefined) return;
    if (this.#exchanges.find(from)?.find(destination, routingKey, args) === undefined) return;
    checkNotLocked(destination.queue, owner);
    this.#unbind(from, destination, routingKey, args);
  }

  /**
   * Drops the messages that wait in a queue. Returns how many.
   *
   * @throws AmqpError 404 where there is no such queue, 405 where it is exclusive to another owner
   */
  purgeQueue(name: string, owner: Owner): number {
    return this.queue(name, owner).purge();
  }

  /**
   * Throws where a client cannot publish to an exchange.
   *
   * @throws AmqpError 404 where it is missing, 403 for an internal one
   */
  checkPublishable(exchange: string): void {
    this.#publishable(exchange);
  }

  /**
   * The queues that the exchange of a message leads to.
   *
   * @throws AmqpError 404 where the exchange is missing, 403 for an internal one
   */
  route(message: Message, headers: Table | undefined): Route {
    return this.#routing.route(this.#publishable(message.exchange), message, headers);
  }

  /** Puts a message into queues. */
  deliver(message: Message, route: Route): PublishOutcome {
    let outcome: PublishOutcome = route.length === 0 ? 'unroutable' : 'routed';
    for (const queue of route) if (!queue.publish(message)) outcome = 'refused';
    return outcome;
  }

  /**
   * Puts a message into all queues that its exchange leads to.
   *
   * @throws AmqpError 404 where the exchange is missing, 403 for an internal one
   */
  publish(message: Message, headers: Table | undefined): PublishOutcome {
    return this.deliver(message, this.route(message, headers));
  }

  /** Deletes the exclusive queues of an owner who left. */
  releaseOwner(owner: Owner): void {
    for (const queue of this.#queues.ownedBy(owner)) this.#remove(queue);
  }

  /**
   * Forgets what a restart of the broker forgets: transient and exclusive queues, transient exchanges, the bindings of
   * both, messages that are not persistent. To be called once nobody is connected.
   */
  restart(): void {
    for (const destination of [...this.#queues.all]) {
      if (destination.queue.spec.durable) destination.queue.restart();
      else this.#forget(destination);
    }
    this.#exchanges.restart();
    this.#changed();
  }

  /** Ends all queues without telling anybody, so that no timers stay. */
  dispose(): void {
    for (const { queue } of this.#queues.all) queue.dispose();
  }

  #publishable(name: string): Exchange {
    const exchange = this.#exchanges.get(name);
    if (exchange.spec.internal) {
      throw new AmqpError(403, `cannot publish to internal ${describeExchange(exchange.spec)}`);
    }
    return exchange;
  }

  #bind(source: Exchange, destination: Destination, routingKey: string, args: Table): void {
    source.checkBinding(routingKey, args);
    if (source.bind(destination, routingKey, args)) this.#changed();
  }

  #unbind(from: string, to: Destination | undefined, routingKey: string, args: Table): void {
    const source = this.#exchanges.find(from);
    if (source === undefined || to === undefined) return;
    this.#exchanges.unbind(source, to, routingKey, args);
    this.#changed();
  }

  #remove(destination: QueueDestination, deleted?: (messageCount: number) => void): number {
    if (!this.#queues.remove(destination)) return 0;
    this.#exchanges.detach(destination);
    const count = destination.queue.delete(deleted);
    this.#changed();
    return count;
  }

  /** Drops a queue as if it had never been: exchanges that delete themselves stay. */
  #forget(destination: QueueDestination): void {
    this.#queues.remove(destination);
    for (const binding of destination.incoming) binding.source.unbind(binding);
    destination.queue.delete();
  }

  #post({ message, mayReach }: Letter): void {
    const exchange = this.#exchanges.find(message.exchange);
    if (exchange === undefined) return;
    const { headers } = message.content.properties;
    for (const queue of this.#routing.route(exchange, message, headers)) {
      if (mayReach(queue.name)) queue.publish(message);
    }
  }

  #changed(): void {
    if (this.#listeners.size === 0) return;
    for (const listener of [...this.#listeners]) listener();
  }

  #queueHost({ clock, rules, budget }: VirtualHostPorts): QueueHost {
    return {
      clock,
      rules,
      deadLetter: (message, mayReach) => this.#letters.add({ message, mayReach }),
      unused: (queue) => {
        const destination = this.#queues.find(queue.name);
        if (destination?.queue === queue) this.#remove(destination);
      },
      changed: () => this.#changed(),
      take: (bytes) => budget.take(bytes),
      give: (bytes) => budget.give(bytes),
    };
  }
}

function bindingNames(source: string, destination: string): { from: string; to: string } {
  return { from: withoutLineBreaks(source), to: withoutLineBreaks(destination) };
}

import { AmqpError } from '../../base/amqp-error.ts';
import type { Consumer } from '../consumer.ts';
import type { Content, Entry, Message } from '../message.ts';
import { Alarm } from './alarm.ts';
import { Backlog } from './backlog.ts';
import { DeadLetter, type DeathReason } from './dead-letter.ts';
import type { Dispatch } from './dispatch.ts';
import { describeQueue, type QueueArguments, type QueueSpec } from './queue-arguments.ts';
import { bytesOf } from './queue-entry.ts';
import type { QueueHost } from './queue-host.ts';
import {
  countedContent,
  countReturn,
  type DiscardCause,
  type RequeueCause,
} from './quorum-returns.ts';
import { RoundRobin } from './round-robin.ts';
import { SingleActive } from './single-active.ts';

export type { DiscardCause, RequeueCause } from './quorum-returns.ts';

/**
 * A queue: messages that wait, and consumers that they go to. Between calls, either no message waits or no consumer is
 * ready.
 *
 * What dies may come back into this very queue while a call is under way, so every step leaves the queue in order
 * before it tells the host anything, and looks at it anew afterwards.
 */
export class Queue {
  readonly name: string;
  readonly spec: QueueSpec;
  readonly arguments: QueueArguments;
  readonly #host: QueueHost;
  readonly #backlog: Backlog;
  readonly #dispatch: Dispatch;
  /** Rings when the queue was unused for the time of `x-expires`. */
  readonly #idle: Alarm;
  #unacked = 0;
  #state: 'alive' | 'deleted' = 'alive';

  constructor(spec: QueueSpec, args: QueueArguments, host: QueueHost) {
    this.name = spec.name;
    this.spec = spec;
    this.arguments = args;
    this.#host = host;
    this.#backlog = new Backlog(args, {
      clock: host.clock,
      dropped: (entry, reason) => this.#drop(entry, reason),
      expired: () => this.#advance(),
    });
    const givesWay = args.type === 'quorum' && host.rules.singleActiveByPriority;
    this.#dispatch = args.singleActiveConsumer ? new SingleActive(givesWay) : new RoundRobin();
    this.#idle = new Alarm(host.clock, () => this.#host.unused(this));
    this.touch();
  }

  /** How many messages wait. */
  get messageCount(): number {
    return this.#backlog.size;
  }

  /** How many messages were handed out and not settled. */
  get unackedCount(): number {
    return this.#unacked;
  }

  get consumerCount(): number {
    return this.#dispatch.consumers.size;
  }

  /** The consumers, in the order in which they came. */
  get consumers(): Iterable<Consumer> {
    return this.#dispatch.consumers;
  }

  /** The consumer that alone gets messages, on a queue with a single active consumer; undefined on any other. */
  get activeConsumer(): Consumer | undefined {
    return this.#dispatch.active;
  }

  /**
   * Takes a message: a consumer that is ready gets it at once, else it waits. A queue that was deleted since the message
   * was routed, such as in a transaction, drops it.
   *
   * @returns false where the queue is full and refuses (overflow `reject-publish`): a publisher gets `basic.nack`
   */
  publish(message: Message): boolean {
    if (this.#state === 'deleted') return true;
    if (this.#backlog.refuses(message)) {
      if (this.arguments.overflow === 'reject-publish-dlx') this.#bury(message, 'maxlen', 0);
      return false;
    }
    const entry = this.#backlog.entryOf(message);
    const consumer = this.#backlog.size === 0 ? this.#dispatch.next() : undefined;
    if (message instanceof DeadLetter) this.#carryCount(entry, message, consumer);
    if (consumer?.noAck !== true) this.#host.take(bytesOf(message));
    if (consumer === undefined) {
      this.#backlog.push(entry);
      this.#backlog.trim();
    } else {
      this.#handOver(entry, consumer);
    }
    this.#host.changed(this);
    return true;
  }

  /**
   * Takes the message at the head (`basic.get`); undefined where none waits.
   *
   * @param noAck whether it counts as acknowledged at once
   * @throws AmqpError 405 on a quorum queue with a single active consumer
   */
  get(noAck: boolean): Entry | undefined {
    if (this.arguments.type === 'quorum' && this.arguments.singleActiveConsumer)
      throw lockedForGet(this.spec);
    this.touch();
    this.#backlog.trim();
    const entry = this.#backlog.shift();
    if (entry === undefined) return undefined;
    entry.fetched = true;
    if (noAck) this.#host.give(bytesOf(entry.message));
    else this.#unacked += 1;
    this.#backlog.trim();
    this.#host.changed(this);
    return entry;
  }

  /** An entry that was handed out with acknowledgement is done. */
  ack(entry: Entry): void {
    this.#unacked -= 1;
    this.#host.give(bytesOf(entry.message));
    this.#settled(entry);
  }

  /** Puts entries back that were handed out, to where they were. In the order of delivery. */
  requeue(entries: readonly Entry[], cause: RequeueCause): void {
    this.#unacked -= entries.length;
    if (this.#state === 'deleted') {
      for (const entry of entries) this.#host.give(bytesOf(entry.message));
      return;
    }
    for (const entry of entries) {
      entry.redelivered = true;
      this.#dispatch.settled(entry);
    }
    if (this.arguments.type === 'quorum') this.#returnToQuorum(entries, cause);
    else this.#returnToClassic(entries, cause);
    this.#advance();
  }

  /**
   * An entry is rejected for good: it is dead-lettered with the reason `rejected`, or dropped.
   *
   * @param cause the method that said so
   */
  discard(entry: Entry, cause: DiscardCause): void {
    this.#unacked -= 1;
    if (cause === 'reject') entry.deliveryCount += 1;
    this.#drop(entry, 'rejected');
    this.#settled(entry);
  }

  /**
   * Adds a consumer, which may get messages before this returns.
   *
   * @throws AmqpError 403 where it or another one wants the queue for itself
   */
  addConsumer(consumer: Consumer): void {
    this.#checkExclusive(consumer);
    this.#dispatch.add(consumer);
    this.#idle.clear();
    this.#advance();
  }

  /** Takes a consumer off; nothing where it is not on. What it holds stays with it, to be settled. */
  removeConsumer(consumer: Consumer): void {
    if (!this.#dispatch.remove(consumer)) return;
    if (this.spec.autoDelete && this.consumerCount === 0) {
      this.#host.unused(this);
      return;
    }
    this.touch();
    this.#advance();
  }

  /** A consumer that was not ready is again: it gets what waits. */
  resume(consumer: Consumer): void {
    if (this.#dispatch.resume(consumer) && this.#backlog.size > 0) this.#advance();
  }

  /** The content of an entry as a consumer gets it: on a quorum queue with headers that count its returns. */
  contentOf(entry: Entry): Content {
    return this.arguments.type === 'quorum'
      ? countedContent(entry, this.#host.rules)
      : entry.message.content;
  }

  /** The queue is used, such as by being declared again: the time of `x-expires` starts anew. */
  touch(): void {
    const { expires } = this.arguments;
    if (expires === undefined || this.consumerCount > 0) return;
    this.#idle.clear();
    this.#idle.bringForwardTo(this.#host.clock.now() + expires);
  }

  /** Drops all messages that wait. Returns how many. */
  purge(): number {
    const count = this.#backlog.size;
    for (let entry = this.#backlog.shift(); entry !== undefined; entry = this.#backlog.shift()) {
      this.#host.give(bytesOf(entry.message));
    }
    this.#host.changed(this);
    return count;
  }

  /**
   * Ends the queue: its messages are dropped, its consumers cancelled. Returns how many messages waited.
   *
   * @param deleted told the same before any consumer is cancelled
   */
  delete(deleted: (messageCount: number) => void = () => {}): number {
    const consumers = [...this.#dispatch.consumers];
    this.dispose();
    const count = this.purge();
    deleted(count);
    for (const consumer of consumers) consumer.cancelled();
    return count;
  }

  /** Forgets what a restart of the broker forgets: messages that are not persistent, unless it is a quorum queue. */
  restart(): void {
    if (this.arguments.type === 'quorum') return;
    const kept: Entry[] = [];
    for (let entry = this.#backlog.shift(); entry !== undefined; entry = this.#backlog.shift()) {
      if (entry.message.persistent) kept.push(entry);
      else this.#host.give(bytesOf(entry.message));
    }
    this.#backlog.putBack(kept);
    this.#advance();
  }

  /** Ends the queue without telling anybody: its consumers get no more, nothing expires. */
  dispose(): void {
    this.#state = 'deleted';
    for (const consumer of this.#dispatch.consumers) this.#dispatch.remove(consumer);
    this.#backlog.dispose();
    this.#idle.clear();
  }

  /** Drops what is too much or too old, and hands the rest to consumers while one is ready. */
  #advance(): void {
    this.#backlog.trim();
    while (this.#backlog.size > 0) {
      const consumer = this.#dispatch.next();
      const entry = consumer === undefined ? undefined : this.#backlog.shift();
      if (consumer === undefined || entry === undefined) break;
      if (consumer.noAck) this.#host.give(bytesOf(entry.message));
      this.#handOver(entry, consumer);
      this.#backlog.trim();
    }
    this.#host.changed(this);
  }

  /** An entry that was handed out is gone: another consumer may become active, and get what waits. */
  #settled(entry: Entry): void {
    if (this.#dispatch.settled(entry)) this.#advance();
    else this.#host.changed(this);
  }

  #handOver(entry: Entry, consumer: Consumer): void {
    if (!consumer.noAck) {
      this.#unacked += 1;
      this.#dispatch.handed(entry);
    }
    consumer.deliver(entry);
  }

  /**
   * To the front; but without a delivery limit, what a client gave back goes to the tail. What came back too often goes
   * for good.
   */
  #returnToQuorum(entries: readonly Entry[], cause: RequeueCause): void {
    const { deliveryLimit } = this.arguments;
    const exhausted: Entry[] = [];
    const returned: Entry[] = [];
    for (const entry of entries) {
      const isExhausted = countReturn(entry, cause, deliveryLimit, this.#host.rules);
      (isExhausted ? exhausted : returned).push(entry);
    }
    if (deliveryLimit === undefined && cause !== 'lost') this.#backlog.pushAgain(returned);
    else this.#backlog.putBack(returned);
    for (const entry of exhausted) this.#drop(entry, 'delivery_limit');
  }

  /** To where they were. */
  #returnToClassic(entries: readonly Entry[], cause: RequeueCause): void {
    for (const entry of entries) countReturn(entry, cause, undefined, this.#host.rules);
    this.#backlog.putBack(entries);
  }

  /** A dead letter counts on. A classic queue that hands it over at once does not say so. */
  #carryCount(entry: Entry, letter: DeadLetter, consumer: Consumer | undefined): void {
    entry.deliveryCount = letter.deliveryCount;
    const tells = this.arguments.type === 'quorum' || consumer === undefined;
    entry.redelivered = tells && letter.deliveryCount > 0;
  }

  #drop(entry: Entry, reason: DeathReason): void {
    this.#host.give(bytesOf(entry.message));
    if (this.#state === 'alive') this.#bury(entry.message, reason, entry.deliveryCount);
  }

  #bury(message: Message, reason: DeathReason, count: number): void {
    const { deadLetterExchange: exchange, deadLetterRoutingKey: routingKey } = this.arguments;
    if (exchange === undefined) return;
    const { rules, clock } = this.#host;
    const deliveryCount = rules.lettersKeepCount ? count : 0;
    const death = { reason, queue: this.name, time: clock.now(), deliveryCount };
    const letter = new DeadLetter(message, death, { exchange, routingKey }, rules);
    this.#host.deadLetter(letter, (queue) => letter.mayReach(queue));
  }

  /** Quorum queues take no notice of exclusive consumers. */
  #checkExclusive(consumer: Consumer): void {
    if (this.arguments.type === 'quorum') return;
    const { consumers } = this.#dispatch;
    const [first] = consumers;
    const isShared = this.arguments.singleActiveConsumer || first !== undefined;
    if (first?.exclusive === true || (consumer.exclusive && isShared)) {
      throw new AmqpError(403, `${describeQueue(this.spec)} in exclusive use`);
    }
  }
}

function lockedForGet(spec: QueueSpec): AmqpError {
  const detail =
    'basic.get operations are not supported by quorum queues with single active consumer';
  return new AmqpError(405, `cannot obtain access to locked ${describeQueue(spec)}. ${detail}`);
}

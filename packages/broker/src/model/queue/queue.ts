import type { Consumer } from '../consumer.ts';
import type { Content, Entry, Message } from '../message.ts';
import { Deque } from './deque.ts';
import type { QueueArguments, QueueSpec } from './queue-arguments.ts';
import type { QueueHost } from './queue-host.ts';

/**
 * Why an entry comes back: `basic.nack` or `basic.reject` with requeue, or (`lost`) its channel ended, `basic.recover`.
 */
export type RequeueCause = 'nack' | 'reject' | 'lost';

/** A queue: messages that wait, and consumers that they go to. */
export class Queue {
  readonly name: string;
  readonly spec: QueueSpec;
  readonly arguments: QueueArguments;
  readonly #host: QueueHost;
  readonly #ready = new Deque<Entry>();

  constructor(spec: QueueSpec, args: QueueArguments, host: QueueHost) {
    this.name = spec.name;
    this.spec = spec;
    this.arguments = args;
    this.#host = host;
  }

  /** How many messages wait. */
  get messageCount(): number {
    return this.#ready.size;
  }

  /** How many messages were handed out and not settled. */
  get unackedCount(): number {
    return 0;
  }

  get consumerCount(): number {
    return 0;
  }

  /** The consumers, in the order in which they came. */
  get consumers(): Iterable<Consumer> {
    return [];
  }

  /** The consumer that alone gets messages, on a queue with a single active consumer; undefined on any other. */
  get activeConsumer(): Consumer | undefined {
    return undefined;
  }

  /**
   * Takes a message: a consumer that is ready gets it at once, else it waits.
   *
   * @returns false where the queue is full and refuses (overflow `reject-publish`): a publisher gets `basic.nack`
   */
  publish(_message: Message): boolean {
    return true;
  }

  /**
   * Takes the message at the head (`basic.get`); undefined where none waits.
   *
   * @param noAck whether it counts as acknowledged at once
   */
  get(_noAck: boolean): Entry | undefined {
    return undefined;
  }

  /** An entry that was handed out with acknowledgement is done. */
  ack(_entry: Entry): void {}

  /** Puts entries back that were handed out, to where they were. In the order of delivery. */
  requeue(_entries: readonly Entry[], _cause: RequeueCause): void {}

  /** An entry is rejected for good: it is dead-lettered with the reason `rejected`, or dropped. */
  discard(_entry: Entry): void {}

  /**
   * Adds a consumer, which may get messages before this returns.
   *
   * @throws AmqpError 403 where it or another one wants the queue for itself
   */
  addConsumer(_consumer: Consumer): void {}

  /** Takes a consumer off; nothing where it is not on. What it holds stays with it, to be settled. */
  removeConsumer(_consumer: Consumer): void {}

  /** A consumer that was not ready is again: it gets what waits. */
  resume(_consumer: Consumer): void {}

  /** The content of an entry as a consumer gets it: on a quorum queue with headers that count its returns. */
  contentOf(entry: Entry): Content {
    return entry.message.content;
  }

  /** The queue was declared again: the time of `x-expires` starts anew. */
  touch(): void {}

  /** Drops all messages that wait. Returns how many. */
  purge(): number {
    return 0;
  }

  /** Ends the queue: its messages are dropped, its consumers cancelled. Returns how many messages waited. */
  delete(): number {
    this.#host.changed(this);
    return 0;
  }

  /** Forgets what a restart of the broker forgets: messages that are not persistent, unless it is a quorum queue. */
  restart(): void {}

  /** Ends the queue without telling anybody: takes back its timers and its memory. */
  dispose(): void {}
}

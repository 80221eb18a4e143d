import { randomBytes } from 'node:crypto';
import { AmqpError } from '../base/amqp-error.ts';
import { integerOf, type Table } from '../base/field.ts';
import type { Entry } from '../model/message.ts';
import type { Queue } from '../model/queue/queue.ts';
import { ChannelConsumer, type ConsumerHost } from './channel-consumer.ts';
import type { Link } from './link.ts';
import { Prefetch } from './prefetch.ts';
import type { Session } from './session.ts';
import type { Unacked, UnackedDeliveries } from './unacked.ts';

/** What `basic.consume` asks for. */
export interface ConsumeRequest {
  readonly consumerTag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly arguments: Table;
}

/** A tag for a consumer that was given none, such as `amq.ctag-3bX…`. */
export function newConsumerTag(): string {
  return `amq.ctag-${randomBytes(16).toString('base64url')}`;
}

/** The consumers of one channel, their prefetch, and what is delivered to them. */
export class Consumers implements ConsumerHost {
  readonly #link: Link;
  readonly #session: Session;
  readonly #unacked: UnackedDeliveries;
  readonly #byTag = new Map<string, ChannelConsumer>();
  /** Those that the channel had no room for, in the order in which they asked: who waited longest is served first. */
  readonly #waiting = new Set<ChannelConsumer>();
  /** `basic.qos` with `global`: shared by all consumers of the channel. */
  readonly #shared = new Prefetch(0);
  /** `basic.qos` without: for consumers that start afterwards. */
  #prefetchOfNext = 0;

  constructor(link: Link, session: Session, unacked: UnackedDeliveries) {
    this.#link = link;
    this.#session = session;
    this.#unacked = unacked;
  }

  /** Whether deliveries of all consumers together are bounded, which quorum queues do not support. */
  get sharesPrefetch(): boolean {
    return this.#shared.limit > 0;
  }

  /**
   * `basic.qos`.
   *
   * @param shared whether it bounds the deliveries of all consumers together
   */
  setPrefetch(count: number, shared: boolean): void {
    if (shared) this.#shared.limit = count;
    else {
      // One that is not shared lifts one that is, on all versions that know it.
      this.#shared.limit = 0;
      this.#prefetchOfNext = count;
    }
    this.resume();
  }

  has(tag: string): boolean {
    return this.#byTag.has(tag);
  }

  /**
   * Starts a consumer; `consume-ok` is written before its first delivery.
   *
   * @throws AmqpError 403 where the queue is, or should be, exclusive to one consumer
   */
  start(request: ConsumeRequest, queue: Queue, started: (tag: string) => void): void {
    const tag = request.consumerTag === '' ? newConsumerTag() : request.consumerTag;
    const priority = priorityOf(request.arguments);
    const consumer = new ChannelConsumer(
      { ...request, tag, priority },
      queue,
      this.#prefetchOfNext,
      this,
    );
    queue.addConsumer(consumer);
    this.#byTag.set(tag, consumer);
    started(tag);
    consumer.start();
  }

  /** Ends a consumer; what it holds stays unsettled. Nothing for an unknown tag. */
  cancel(tag: string): void {
    const consumer = this.#byTag.get(tag);
    if (consumer === undefined) return;
    this.#forget(consumer);
    consumer.stop();
    consumer.remove();
  }

  /** Has all of them take nothing more, though their queues still know them. */
  stop(): void {
    for (const consumer of this.#byTag.values()) consumer.stop();
  }

  /** Takes all of them off their queues. */
  remove(): void {
    const all = Array.from(this.#byTag.values());
    this.#byTag.clear();
    this.#waiting.clear();
    for (const consumer of all) consumer.remove();
  }

  /** There may be room again for what the channel delivers, in the shared prefetch or on the way to the client. */
  resume(): void {
    for (const consumer of this.#waiting) {
      if (!this.#hasRoomFor(consumer)) continue;
      this.#waiting.delete(consumer);
      consumer.resume();
    }
  }

  /** Deliveries were settled: there is room in the prefetch that they took. */
  settled(deliveries: readonly Unacked[]): void {
    const wasFull = !this.#shared.open;
    const freed = new Set<ChannelConsumer>();
    for (const { consumer } of deliveries) {
      if (consumer === undefined) continue;
      if (consumer.sharesPrefetch) this.#shared.give();
      if (!consumer.prefetch.open) freed.add(consumer);
      consumer.prefetch.give();
    }
    if (wasFull) this.resume();
    for (const consumer of freed) consumer.resume();
  }

  takes(consumer: ChannelConsumer): boolean {
    if (this.#hasRoomFor(consumer)) return true;
    this.#waiting.add(consumer);
    return false;
  }

  deliver(consumer: ChannelConsumer, entry: Entry): void {
    const { queue, tag: consumerTag } = consumer;
    const deliveryTag = this.#unacked.nextTag();
    if (!consumer.noAck) {
      this.#unacked.add({ tag: deliveryTag, queue, entry, consumer });
      consumer.prefetch.take();
      if (consumer.sharesPrefetch) this.#shared.take();
    }
    this.#session.traffic.delivered += 1;
    const { exchange, routingKey } = entry.message;
    const { redelivered } = entry;
    this.#link.send('basic.deliver', {
      consumerTag,
      deliveryTag,
      redelivered,
      exchange,
      routingKey,
    });
    this.#link.sendContent(queue.contentOf(entry));
  }

  cancelled(consumer: ChannelConsumer): void {
    this.#forget(consumer);
    if (!this.#session.cancelNotify) return;
    this.#link.send('basic.cancel', { consumerTag: consumer.tag, noWait: true });
  }

  #hasRoomFor(consumer: ChannelConsumer): boolean {
    return this.#link.writable && (consumer.noAck || !consumer.sharesPrefetch || this.#shared.open);
  }

  #forget(consumer: ChannelConsumer): void {
    this.#byTag.delete(consumer.tag);
    this.#waiting.delete(consumer);
  }
}

/**
 * The argument `x-priority` (https://www.rabbitmq.com/docs/consumer-priority).
 *
 * @throws AmqpError 406 when it is no integer
 */
function priorityOf(args: Table): number {
  const field = args.get('x-priority');
  if (field === undefined) return 0;
  const priority = integerOf(field);
  if (priority === undefined) throw new AmqpError(406, "invalid arg 'x-priority': not an integer");
  return priority;
}

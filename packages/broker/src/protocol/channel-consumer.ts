import type { Table } from '../base/field.ts';
import type { Consumer } from '../model/consumer.ts';
import type { Entry } from '../model/message.ts';
import type { Queue } from '../model/queue/queue.ts';
import { Prefetch } from './prefetch.ts';

/** What a client asked for with `basic.consume`. */
export interface ConsumerSpec {
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  readonly arguments: Table;
}

/** The channel as its consumers see it. */
export interface ConsumerHost {
  /** Whether the client reads, and the prefetch of the whole channel has room. */
  takes(consumer: ChannelConsumer): boolean;
  deliver(consumer: ChannelConsumer, entry: Entry): void;
  /** The broker took the consumer away. */
  cancelled(consumer: ChannelConsumer): void;
}

/** A consumer of a channel. */
export class ChannelConsumer implements Consumer {
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  readonly arguments: Table;
  readonly queue: Queue;
  readonly prefetch: Prefetch;
  readonly #host: ConsumerHost;
  /** The client must know the consumer before its first delivery: `starting` until `consume-ok` is written. */
  #state: 'starting' | 'active' | 'ended' = 'starting';

  constructor(spec: ConsumerSpec, queue: Queue, prefetchLimit: number, host: ConsumerHost) {
    this.tag = spec.tag;
    this.noAck = spec.noAck;
    this.exclusive = spec.exclusive;
    this.priority = spec.priority;
    this.arguments = spec.arguments;
    this.queue = queue;
    this.prefetch = new Prefetch(prefetchLimit);
    this.#host = host;
  }

  /** Whether the prefetch of the whole channel bounds it: quorum queues do not know that one. */
  get sharesPrefetch(): boolean {
    return this.queue.arguments.type !== 'quorum';
  }

  /** Deliveries may begin. */
  start(): void {
    this.#state = 'active';
    this.queue.resume(this);
  }

  /** It takes nothing more. */
  stop(): void {
    this.#state = 'ended';
  }

  /** Takes it off its queue. */
  remove(): void {
    this.queue.removeConsumer(this);
  }

  /** Something that it waited for may have come: room in a prefetch, or a client that reads again. */
  resume(): void {
    if (this.#state === 'active') this.queue.resume(this);
  }

  ready(): boolean {
    if (this.#state !== 'active') return false;
    return (this.noAck || this.prefetch.open) && this.#host.takes(this);
  }

  deliver(entry: Entry): void {
    this.#host.deliver(this, entry);
  }

  cancelled(): void {
    this.#state = 'ended';
    this.#host.cancelled(this);
  }
}

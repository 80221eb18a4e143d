import { randomUUID } from 'node:crypto';
import type { AmqpChannel, Publication } from '../../amqp/channel.ts';
import {
  type AmqpConnection,
  type ConnectionOptions,
  openConnection,
} from '../../amqp/connection.ts';
import type { Methods } from '../../amqp/methods.ts';
import type { Properties } from '../../amqp/properties.ts';
import { AmqpSocket } from '../../amqp/socket.ts';
import type { BrokerProfile } from './profile.ts';

type QueueFields = Omit<Methods['queue.declare'], 'queue'>;
type ExchangeFields = Omit<Methods['exchange.declare'], 'exchange' | 'type'>;
type ConsumeFields = Omit<Methods['basic.consume'], 'queue'>;

/** What a case has at hand: sockets and connections to the broker, and names of its own that go away behind it. */
export class Bench implements AsyncDisposable {
  /** The broker's URL. */
  readonly url: string;
  /** Which RabbitMQ it is held to be. */
  readonly profile: BrokerProfile;
  readonly #open: AsyncDisposable[] = [];
  readonly #queues: string[] = [];
  readonly #exchanges: string[] = [];

  constructor(url: string, profile: BrokerProfile) {
    this.url = url;
    this.profile = profile;
  }

  /** A new socket on which nothing has been said. */
  async socket(): Promise<AmqpSocket> {
    return this.#keep(await AmqpSocket.open(this.url));
  }

  /** A new connection. */
  async connect(options?: ConnectionOptions): Promise<AmqpConnection> {
    return this.#keep(await openConnection(this.url, options));
  }

  /** Channel 1 of a new connection. */
  async channel(options?: ConnectionOptions): Promise<AmqpChannel> {
    const connection = await this.connect(options);
    return await connection.channel();
  }

  /** A name that no other case and no other run uses. */
  name(prefix = 'conformance'): string {
    return `${prefix}-${randomUUID()}`;
  }

  /**
   * Declares a queue with a name of its own and gives that name. It is exclusive unless the fields say otherwise; one that
   * is not is deleted behind the case.
   */
  async queue(channel: AmqpChannel, fields: QueueFields = { exclusive: true }): Promise<string> {
    const queue = this.name('queue');
    if (fields.exclusive !== true) this.discardQueue(queue);
    await channel.call('queue.declare', { ...fields, queue });
    return queue;
  }

  /** Declares an exchange with a name of its own and gives that name. It is deleted behind the case. */
  async exchange(channel: AmqpChannel, type: string, fields: ExchangeFields = {}): Promise<string> {
    const exchange = this.name('exchange');
    this.discardExchange(exchange);
    await channel.call('exchange.declare', { ...fields, exchange, type });
    return exchange;
  }

  /** Has a queue deleted behind the case, if it is there then. */
  discardQueue(name: string): void {
    this.#queues.push(name);
  }

  /** Has an exchange deleted behind the case, if it is there then. */
  discardExchange(name: string): void {
    this.#exchanges.push(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const open of this.#open.reverse()) await open[Symbol.asyncDispose]();
    if (this.#queues.length + this.#exchanges.length === 0) return;
    await using connection = await openConnection(this.url);
    const channel = await connection.channel();
    for (const queue of this.#queues) await channel.call('queue.delete', { queue });
    for (const exchange of this.#exchanges) await channel.call('exchange.delete', { exchange });
  }

  #keep<T extends AsyncDisposable>(open: T): T {
    this.#open.push(open);
    return open;
  }
}

/** Starts a consumer and gives its tag. */
export async function consume(
  channel: AmqpChannel,
  queue: string,
  fields: ConsumeFields = {},
): Promise<string> {
  const { consumerTag } = await channel.call('basic.consume', { ...fields, queue });
  return consumerTag;
}

/** Publishes bodies to a queue, through the default exchange, and waits until they are in it. */
export async function fill(
  channel: AmqpChannel,
  queue: string,
  bodies: readonly string[],
  message: Publication = {},
): Promise<void> {
  for (const body of bodies) channel.publish({ ...message, routingKey: queue, body });
  await channel.settle(queue);
}

/**
 * Publishes bodies to a queue, one after the other, and waits for the confirm of each, which says that it is in there: a
 * queue of RabbitMQ may answer how many it has before it takes those that `fill` sent, and quorum queues take them late
 * altogether. Nothing else may arrive meanwhile.
 */
export async function store(
  channel: AmqpChannel,
  queue: string,
  bodies: readonly string[],
  properties: Properties = {},
): Promise<void> {
  await channel.call('confirm.select');
  for (const body of bodies) {
    channel.publish({ routingKey: queue, properties, body });
    await channel.next('basic.ack');
  }
}

/** Takes the next deliveries and gives their bodies. */
export async function bodiesOf(channel: AmqpChannel, count: number): Promise<string[]> {
  return (await channel.take('basic.deliver', count)).map(({ text }) => text);
}

/**
 * Gives a channel the next messages of a queue by a consumer, which holds them unacked and gets no more. RabbitMQ puts back
 * what a channel's consumers hold before it answers `channel.close`; what was taken by `basic.get` goes back some time
 * after that answer, when the queue hears that the channel is gone (`notify_queues` in rabbit_channel.erl), as does all
 * that comes from a quorum queue.
 */
export async function hold(channel: AmqpChannel, queue: string, count: number): Promise<void> {
  await channel.call('basic.qos', { prefetchCount: count });
  await consume(channel, queue);
  await channel.take('basic.deliver', count);
}

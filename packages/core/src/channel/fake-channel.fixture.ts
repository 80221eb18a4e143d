import type {
  DriverBinding,
  DriverChannel,
  DriverConsume,
  DriverQueueState,
} from '../driver/driver.ts';
import { ignore } from '../internal/deferred.ts';
import type { WireDelivery, WireMessage } from '../message/message.ts';
import { wireDelivery } from '../message/messages.fixture.ts';
import type { ExchangeSpec, QueueSpec } from '../topology/specs.ts';
import type { PublisherEvents } from './publisher.ts';

/** A driver channel whose broker is the test: it notes what it is asked, and answers as it is told to. */
export class FakeChannel implements DriverChannel {
  readonly id = 1;
  congested = false;
  /** Every request and settlement, in order. */
  readonly log: string[] = [];
  readonly published: WireMessage[] = [];
  /** The id of a message that cannot be written. */
  unwritable: string | undefined;
  readonly consumers = new Map<string, DriverConsume>();
  /** Called before each request is answered: it may delay or refuse it. */
  answer: (request: string) => Promise<void> = () => Promise.resolve();
  #names = 0;

  /** Delivers to the consumer that was started last. */
  deliver(deliveryTag: number, more: Partial<WireDelivery> = {}): void {
    const consumer = [...this.consumers.values()].at(-1);
    consumer?.deliver(wireDelivery(deliveryTag, more));
  }

  declareExchange({ name }: ExchangeSpec): Promise<void> {
    return this.#asked(`exchange.declare ${name}`);
  }

  checkExchange(name: string): Promise<void> {
    return this.#asked(`exchange.check ${name}`);
  }

  deleteExchange(name: string): Promise<void> {
    return this.#asked(`exchange.delete ${name}`);
  }

  bindExchange({ destination, source }: DriverBinding): Promise<void> {
    return this.#asked(`exchange.bind ${destination} ${source}`);
  }

  unbindExchange({ destination, source }: DriverBinding): Promise<void> {
    return this.#asked(`exchange.unbind ${destination} ${source}`);
  }

  async declareQueue({ name }: QueueSpec): Promise<DriverQueueState> {
    await this.#asked(`queue.declare ${name}`);
    return { name: name || `amq.gen-${++this.#names}`, messageCount: 0, consumerCount: 0 };
  }

  async checkQueue(name: string): Promise<DriverQueueState> {
    await this.#asked(`queue.check ${name}`);
    return { name, messageCount: 0, consumerCount: 0 };
  }

  async deleteQueue(name: string): Promise<number> {
    await this.#asked(`queue.delete ${name}`);
    return 0;
  }

  async purgeQueue(name: string): Promise<number> {
    await this.#asked(`queue.purge ${name}`);
    return 0;
  }

  bindQueue({ destination, source }: DriverBinding): Promise<void> {
    return this.#asked(`queue.bind ${destination} ${source}`);
  }

  unbindQueue({ destination, source }: DriverBinding): Promise<void> {
    return this.#asked(`queue.unbind ${destination} ${source}`);
  }

  setQos(prefetch: number, global: boolean): Promise<void> {
    return this.#asked(`qos ${prefetch}${global ? ' global' : ''}`);
  }

  async consume(options: DriverConsume): Promise<string> {
    const tag = `ctag-${this.consumers.size + 1}`;
    this.consumers.set(tag, options);
    await this.#asked(`consume ${options.queue}`);
    return tag;
  }

  cancel(consumerTag: string): Promise<void> {
    return this.#asked(`cancel ${consumerTag}`);
  }

  async get(queue: string): Promise<WireDelivery | undefined> {
    await this.#asked(`get ${queue}`);
    return undefined;
  }

  ack(deliveryTag: number, multiple: boolean): void {
    this.log.push(`ack ${deliveryTag}${multiple ? ' multiple' : ''}`);
  }

  nack(deliveryTag: number, requeue: boolean): void {
    this.log.push(`nack ${deliveryTag}${requeue ? ' requeue' : ''}`);
  }

  reject(deliveryTag: number, requeue: boolean): void {
    this.log.push(`reject ${deliveryTag}${requeue ? ' requeue' : ''}`);
  }

  selectConfirms(): Promise<void> {
    return this.#asked('confirm.select');
  }

  publish(message: WireMessage): number {
    if (message.messageId === this.unwritable) throw new RangeError('its headers outgrew a frame');
    return this.published.push(message);
  }

  selectTransactions(): Promise<void> {
    return this.#asked('tx.select');
  }

  commit(): Promise<void> {
    return this.#asked('tx.commit');
  }

  rollback(): Promise<void> {
    return this.#asked('tx.rollback');
  }

  close(): Promise<void> {
    return this.#asked('close');
  }

  async #asked(request: string): Promise<void> {
    this.log.push(request);
    await this.answer(request);
  }
}

/** For publishers of which nobody need hear. */
export const UNHEARD_PUBLISHER: PublisherEvents = {
  selectConfirms: ignore,
  nacked: ignore,
  failed: ignore,
  useless: ignore,
};

import type { Channel } from 'rabbitmq-client';
import type { LeveretError } from '../../errors/leveret-error.ts';
import type { HeaderTable } from '../../message/message.ts';
import type { ExchangeSpec, QueueSpec } from '../../topology/specs.ts';
import type { DriverBinding, DriverQueueState } from '../driver.ts';
import { METHOD } from './protocol.ts';

/** The requests of a channel about exchanges, queues and bindings. */
export abstract class TopologyRequests<C extends Channel> {
  protected readonly channel: C;

  constructor(channel: C) {
    this.channel = channel;
  }

  /** Makes a request; its failure is told by what the broker said, else as a lost connection. */
  protected abstract ask<T>(methodId: number, request: () => Promise<T>): Promise<T>;

  /** Lets go of a peer that does not keep to the protocol; gives the error of the request that it was about. */
  protected abstract violated(text: string): LeveretError;

  async declareExchange(spec: ExchangeSpec): Promise<void> {
    const { name, type, durable, autoDelete, internal } = spec;
    await this.ask(METHOD.exchangeDeclare, () =>
      this.channel.exchangeDeclare({
        exchange: name,
        type,
        durable,
        autoDelete,
        internal,
        ...withArguments(spec.arguments),
      }),
    );
  }

  async checkExchange(name: string): Promise<void> {
    await this.ask(METHOD.exchangeDeclare, () =>
      this.channel.exchangeDeclare({ exchange: name, passive: true }),
    );
  }

  async deleteExchange(name: string, options: { ifUnused: boolean }): Promise<void> {
    await this.ask(METHOD.exchangeDelete, () =>
      this.channel.exchangeDelete({ exchange: name, ...options }),
    );
  }

  async bindExchange(binding: DriverBinding): Promise<void> {
    const { arguments: table, ...names } = binding;
    await this.ask(METHOD.exchangeBind, () =>
      this.channel.exchangeBind({ ...names, ...withArguments(table) }),
    );
  }

  async unbindExchange(binding: DriverBinding): Promise<void> {
    const { arguments: table, ...names } = binding;
    await this.ask(METHOD.exchangeUnbind, () =>
      this.channel.exchangeUnbind({ ...names, ...withArguments(table) }),
    );
  }

  declareQueue(spec: QueueSpec): Promise<DriverQueueState> {
    const { name, durable, exclusive, autoDelete } = spec;
    return this.#queueDeclare({
      queue: name,
      durable,
      exclusive,
      autoDelete,
      ...withArguments(spec.arguments),
    });
  }

  checkQueue(name: string): Promise<DriverQueueState> {
    return this.#queueDeclare({ queue: name, passive: true });
  }

  async deleteQueue(
    name: string,
    options: { ifUnused: boolean; ifEmpty: boolean },
  ): Promise<number> {
    const ok = await this.ask(METHOD.queueDelete, () =>
      this.channel.queueDelete({ queue: name, ...options }),
    );
    return ok.messageCount;
  }

  async purgeQueue(name: string): Promise<number> {
    const ok = await this.ask(METHOD.queuePurge, () => this.channel.queuePurge({ queue: name }));
    return ok.messageCount;
  }

  async bindQueue(binding: DriverBinding): Promise<void> {
    const { destination, source, routingKey, arguments: table } = binding;
    await this.ask(METHOD.queueBind, () =>
      this.channel.queueBind({
        queue: destination,
        exchange: source,
        routingKey,
        ...withArguments(table),
      }),
    );
  }

  async unbindQueue(binding: DriverBinding): Promise<void> {
    const { destination, source, routingKey, arguments: table } = binding;
    await this.ask(METHOD.queueUnbind, () =>
      this.channel.queueUnbind({
        queue: destination,
        exchange: source,
        routingKey,
        ...withArguments(table),
      }),
    );
  }

  async #queueDeclare(
    params: Parameters<Channel['queueDeclare']>[0] & object,
  ): Promise<DriverQueueState> {
    const ok = await this.ask(METHOD.queueDeclare, () => this.channel.queueDeclare(params));
    const asked = Buffer.from(params.queue ?? '').toString(); // as it went over the wire
    if (ok.queue === '' || (asked !== '' && asked !== ok.queue))
      throw this.violated('the server answered for another queue than was asked for');
    return { name: ok.queue, messageCount: ok.messageCount, consumerCount: ok.consumerCount };
  }
}

/** Arguments as a field, where there are any. */
export function withArguments(table: HeaderTable | undefined): { arguments?: HeaderTable } {
  return table === undefined ? {} : { arguments: table };
}

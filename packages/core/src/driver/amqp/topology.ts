import type { LeveretError } from '../../errors/leveret-error.ts';
import type { ExchangeSpec, QueueSpec } from '../../topology/specs.ts';
import type { DriverBinding, DriverQueueState } from '../driver.ts';
import { bits, methodFrame, type Part, short, shortstr, table } from './parts.ts';
import { METHOD } from './protocol.ts';
import type { Answer } from './requests.ts';

/** A field that RabbitMQ does not use any more. */
const RESERVED = short(0);

/** The answer that says no more than that it is done. */
export function doneBy(id: number): (answer: Answer) => true | undefined {
  return (answer) => (answer.id === id ? true : undefined);
}

/** The requests of a channel about exchanges, queues and bindings. */
export abstract class TopologyRequests {
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }

  /** Makes a request; its failure is told by what the broker said, else as a lost connection. */
  protected abstract ask<T>(
    methodId: number,
    frame: Buffer,
    read: (answer: Answer) => T | undefined,
  ): Promise<T>;

  /** Lets go of a peer that does not keep to the protocol; gives the error of the request that it was about. */
  protected abstract violated(text: string): LeveretError;

  async declareExchange(spec: ExchangeSpec): Promise<void> {
    const { name, type, durable, autoDelete, internal } = spec;
    await this.#exchangeDeclare(
      shortstr(name),
      shortstr(type),
      bits(false, durable, autoDelete, internal, false),
      table(spec.arguments),
    );
  }

  async checkExchange(name: string): Promise<void> {
    await this.#exchangeDeclare(shortstr(name), shortstr(''), bits(true), table());
  }

  async deleteExchange(name: string, { ifUnused }: { ifUnused: boolean }): Promise<void> {
    const frame = this.frame(METHOD.exchangeDelete, RESERVED, shortstr(name), bits(ifUnused));
    await this.ask(METHOD.exchangeDelete, frame, doneBy(METHOD.exchangeDeleteOk));
  }

  async bindExchange(binding: DriverBinding): Promise<void> {
    const frame = this.frame(METHOD.exchangeBind, ...exchangeBinding(binding));
    await this.ask(METHOD.exchangeBind, frame, doneBy(METHOD.exchangeBindOk));
  }

  async unbindExchange(binding: DriverBinding): Promise<void> {
    const frame = this.frame(METHOD.exchangeUnbind, ...exchangeBinding(binding));
    await this.ask(METHOD.exchangeUnbind, frame, doneBy(METHOD.exchangeUnbindOk));
  }

  async declareQueue(spec: QueueSpec): Promise<DriverQueueState> {
    const { durable, exclusive, autoDelete } = spec;
    const flags = bits(false, durable, exclusive, autoDelete, false);
    return await this.#queueDeclare(spec.name, flags, table(spec.arguments));
  }

  async checkQueue(name: string): Promise<DriverQueueState> {
    return await this.#queueDeclare(name, bits(true), table());
  }

  async deleteQueue(
    name: string,
    { ifUnused, ifEmpty }: { ifUnused: boolean; ifEmpty: boolean },
  ): Promise<number> {
    const frame = this.frame(METHOD.queueDelete, RESERVED, shortstr(name), bits(ifUnused, ifEmpty));
    return await this.ask(METHOD.queueDelete, frame, (answer) =>
      answer.id === METHOD.queueDeleteOk ? answer.messageCount : undefined,
    );
  }

  async purgeQueue(name: string): Promise<number> {
    const frame = this.frame(METHOD.queuePurge, RESERVED, shortstr(name), bits(false));
    return await this.ask(METHOD.queuePurge, frame, (answer) =>
      answer.id === METHOD.queuePurgeOk ? answer.messageCount : undefined,
    );
  }

  async bindQueue(binding: DriverBinding): Promise<void> {
    const { destination, source, routingKey } = binding;
    const names = [shortstr(destination), shortstr(source), shortstr(routingKey)];
    const fields = [RESERVED, ...names, bits(false), table(binding.arguments)];
    const frame = this.frame(METHOD.queueBind, ...fields);
    await this.ask(METHOD.queueBind, frame, doneBy(METHOD.queueBindOk));
  }

  async unbindQueue(binding: DriverBinding): Promise<void> {
    const { destination, source, routingKey } = binding;
    const names = [shortstr(destination), shortstr(source), shortstr(routingKey)];
    const frame = this.frame(METHOD.queueUnbind, RESERVED, ...names, table(binding.arguments));
    await this.ask(METHOD.queueUnbind, frame, doneBy(METHOD.queueUnbindOk));
  }

  /** A method of this channel. */
  protected frame(methodId: number, ...fields: readonly Part[]): Buffer {
    return methodFrame(this.id, methodId, ...fields);
  }

  #exchangeDeclare(...fields: readonly Part[]): Promise<true> {
    const frame = this.frame(METHOD.exchangeDeclare, RESERVED, ...fields);
    return this.ask(METHOD.exchangeDeclare, frame, doneBy(METHOD.exchangeDeclareOk));
  }

  async #queueDeclare(name: string, flags: Part, fields: Part): Promise<DriverQueueState> {
    const frame = this.frame(METHOD.queueDeclare, RESERVED, shortstr(name), flags, fields);
    const ok = await this.ask(METHOD.queueDeclare, frame, (answer) =>
      answer.id === METHOD.queueDeclareOk ? answer : undefined,
    );
    const asked = Buffer.from(name).toString(); // as it went over the wire
    if (ok.queue === '' || (asked !== '' && asked !== ok.queue))
      throw this.violated('the server answered for another queue than was asked for');
    return { name: ok.queue, messageCount: ok.messageCount, consumerCount: ok.consumerCount };
  }
}

function exchangeBinding(binding: DriverBinding): Part[] {
  const { destination, source, routingKey } = binding;
  const names = [shortstr(destination), shortstr(source), shortstr(routingKey)];
  return [RESERVED, ...names, bits(false), table(binding.arguments)];
}

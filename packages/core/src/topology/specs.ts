import type { HeaderTable } from '../message/message.ts';

/** What kind of routing an exchange does; plugins add more. */
export type ExchangeType = 'direct' | 'fanout' | 'topic' | 'headers' | (string & {});

/** How an exchange is declared. */
export interface ExchangeOptions {
  /** Default `direct`. */
  readonly type?: ExchangeType;
  /** Survives a restart of the broker. Default true. */
  readonly durable?: boolean;
  /** Deleted once its last binding is gone. Default false. */
  readonly autoDelete?: boolean;
  /** Takes messages from other exchanges only. Default false. */
  readonly internal?: boolean;
  /** Such as `alternate-exchange`. */
  readonly arguments?: HeaderTable;
}

/** How a queue is declared. */
export interface QueueOptions {
  /** Survives a restart of the broker. Default true, but false for an exclusive queue. */
  readonly durable?: boolean;
  /** Belongs to this connection and goes with it. Default false, but true for a queue named by the broker. */
  readonly exclusive?: boolean;
  /** Deleted once its last consumer is gone. Default false. */
  readonly autoDelete?: boolean;
  /** Such as `x-queue-type`, `x-message-ttl`, `x-dead-letter-exchange`. */
  readonly arguments?: HeaderTable;
}

/** An exchange as it is asked of the broker. */
export interface ExchangeSpec {
  /** Its name. */
  readonly name: string;
  /** What kind of routing it does. */
  readonly type: string;
  /** Survives a restart of the broker. */
  readonly durable: boolean;
  /** Deleted once the last that used it is gone. */
  readonly autoDelete: boolean;
  /** Takes messages from other exchanges only. */
  readonly internal: boolean;
  /** Further arguments. */
  readonly arguments: HeaderTable | undefined;
}

/** A queue as it is asked of the broker. */
export interface QueueSpec {
  /** `''` asks the broker for a name. */
  readonly name: string;
  /** Survives a restart of the broker. */
  readonly durable: boolean;
  /** Belongs to one connection. */
  readonly exclusive: boolean;
  /** Deleted once the last that used it is gone. */
  readonly autoDelete: boolean;
  /** Further arguments. */
  readonly arguments: HeaderTable | undefined;
}

/**
 * A queue that others refer to. Its name changes when the broker names it anew, so whatever hangs on the
 * queue keeps this record and not the name.
 */
export interface QueueRef {
  name: string;
}

/** A binding of a queue or an exchange to an exchange. */
export interface BindingSpec {
  /** A queue by reference, an exchange by name. */
  readonly destination: QueueRef | string;
  readonly source: string;
  readonly routingKey: string;
  readonly arguments: BindingArguments | undefined;
}

/** Arguments of a binding, or how they follow from the name of what is bound, when that can change. */
export type BindingArguments = HeaderTable | ((name: string) => HeaderTable);

/** The arguments for a destination of that name. */
export function bindingArguments(binding: BindingSpec): HeaderTable | undefined {
  const { destination, arguments: table } = binding;
  if (typeof table !== 'function') return table;
  return table(typeof destination === 'string' ? destination : destination.name);
}

/** Fills in the defaults of an exchange. */
export function exchangeSpec(name: string, options: ExchangeOptions): ExchangeSpec {
  return {
    name,
    type: options.type ?? 'direct',
    durable: options.durable ?? true,
    autoDelete: options.autoDelete ?? false,
    internal: options.internal ?? false,
    arguments: options.arguments,
  };
}

/** Fills in the defaults of a queue. */
export function queueSpec(name: string, options: QueueOptions): QueueSpec {
  const exclusive = options.exclusive ?? (name === '' && options.durable !== true);
  return {
    name,
    durable: options.durable ?? !exclusive,
    exclusive,
    autoDelete: options.autoDelete ?? false,
    arguments: options.arguments,
  };
}

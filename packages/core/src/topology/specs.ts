import { describe, LeveretError } from '../errors/leveret-error.ts';
import { checkOptions, flag } from '../internal/options.ts';
import type { TableSupport } from '../message/check-table.ts';
import type { HeaderTable } from '../message/message.ts';
import { checkName, ownArguments } from './names.ts';

/** How long a request to the broker may take. */
export interface OperationOptions {
  /**
   * Milliseconds until it must be answered, a recovery on the way included; then it is `TIMEOUT`, and the channel is
   * replaced if the broker owes the answer. Default: `operationTimeout` of the connection.
   */
  readonly timeout?: number;
}

/** What kind of routing an exchange does; plugins add more. */
export type ExchangeType = 'direct' | 'fanout' | 'topic' | 'headers' | (string & {});

/** How an exchange is declared. */
export interface ExchangeOptions extends OperationOptions {
  /** Default `direct`. */
  readonly type?: ExchangeType;
  /** Survives a restart of the broker. Default true, unless the channel's `declarations` say otherwise. */
  readonly durable?: boolean;
  /** Deleted once its last binding is gone. Default false. */
  readonly autoDelete?: boolean;
  /** Takes messages from other exchanges only. Default false. */
  readonly internal?: boolean;
  /** Such as `alternate-exchange`. */
  readonly arguments?: HeaderTable;
  /** Declare it, and do not only ask whether it is there. Default false. */
  readonly passive?: false;
}

/** How a queue keeps its messages; `quorum` has copies of them on several nodes of a cluster. */
export type QueueType = 'classic' | 'quorum' | (string & {});

/** How a queue is declared. */
export interface QueueOptions extends OperationOptions {
  /**
   * Sets the argument `x-queue-type`. A `quorum` queue is durable, not exclusive, not `autoDelete`, and has a
   * name of its own (RabbitMQ's documentation, "Quorum Queues"). Default: as the broker says, `classic`.
   */
  readonly queueType?: QueueType;
  /**
   * Survives a restart of the broker. Default true, but false for an exclusive queue, and as the channel's
   * `declarations` say.
   */
  readonly durable?: boolean;
  /** Belongs to this connection and goes with it. Default false, but true for a queue named by the broker. */
  readonly exclusive?: boolean;
  /** Deleted once its last consumer is gone. Default false. */
  readonly autoDelete?: boolean;
  /** Such as `x-queue-type`, `x-message-ttl`, `x-dead-letter-exchange`. */
  readonly arguments?: HeaderTable;
  /** Declare it, and do not only ask whether it is there. Default false. */
  readonly passive?: false;
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

/** What holds for declarations where they do not say otherwise. */
export interface DeclarationDefaults {
  /** Which values arguments may hold. */
  readonly tables: TableSupport;
  /** Whether exchanges and queues are durable. */
  readonly durable: boolean;
}

/** Checks how an exchange is declared and fills in the defaults. Errors: `INVALID_ARGUMENT`. */
export function exchangeSpec(
  name: string,
  options: ExchangeOptions,
  defaults: DeclarationDefaults,
): ExchangeSpec {
  const { type = 'direct' } = options;
  checkName('name', name);
  checkName('type', type);
  flag('passive', options.passive, false);
  return {
    name,
    type,
    durable: flag('durable', options.durable, defaults.durable),
    autoDelete: flag('autoDelete', options.autoDelete, false),
    internal: flag('internal', options.internal, false),
    arguments: ownArguments(options.arguments, defaults.tables),
  };
}

/** Checks how a queue is declared and fills in the defaults. Errors: `INVALID_ARGUMENT`. */
export function queueSpec(
  name: string,
  options: QueueOptions,
  defaults: DeclarationDefaults,
): QueueSpec {
  checkName('name', name);
  flag('passive', options.passive, false);
  const ours = name === '' && options.durable !== true;
  const exclusive = flag('exclusive', options.exclusive, ours);
  const table = withType(ownArguments(options.arguments, defaults.tables), options.queueType);
  const type = table?.['x-queue-type'] ?? 'classic';
  // Only classic queues may be other than durable.
  const durable = !exclusive && (defaults.durable || type !== 'classic');
  const spec = {
    name,
    durable: flag('durable', options.durable, durable),
    exclusive,
    autoDelete: flag('autoDelete', options.autoDelete, false),
    arguments: table,
  };
  if (options.queueType === 'quorum') checkQuorum(spec);
  return spec;
}

/** The arguments, with the type of the queue among them. */
function withType(
  table: HeaderTable | undefined,
  queueType: QueueType | undefined,
): HeaderTable | undefined {
  if (queueType === undefined) return table;
  checkName('queueType', queueType);
  const other = table?.['x-queue-type'];
  if (other === undefined || other === queueType) return { ...table, 'x-queue-type': queueType };
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `queueType must be that of arguments, ${describe(other)}, where both are given, not ${describe(queueType)}`,
  );
}

function checkQuorum({ name, durable, exclusive, autoDelete }: QueueSpec): void {
  const wrong =
    (name === '' && 'name must not be empty') ||
    (!durable && 'durable must be true') ||
    (exclusive && 'exclusive must be false') ||
    (autoDelete && 'autoDelete must be false');
  if (wrong) throw new LeveretError('INVALID_ARGUMENT', `${wrong} for a quorum queue`);
}

/** Checks what a binding is made of. Errors: `INVALID_ARGUMENT`, and what a function for arguments throws. */
export function bindingSpec(
  destination: QueueRef | string,
  source: { readonly name: string } | string,
  routingKey: string,
  options: { readonly arguments?: BindingArguments },
  tables: TableSupport,
): BindingSpec {
  const name = typeof source === 'string' ? source : source?.name;
  checkName(typeof destination === 'string' ? 'source' : 'exchange', name);
  checkName('routingKey', routingKey);
  checkOptions(options);
  const { arguments: table } = options;
  const binding = { destination, source: name, routingKey, arguments: table };
  const own = ownArguments(bindingArguments(binding), tables);
  return typeof table === 'function' ? binding : { ...binding, arguments: own };
}

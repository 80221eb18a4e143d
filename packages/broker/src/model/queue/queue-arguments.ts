import { AmqpError } from '../../base/amqp-error.ts';
import { type Field, integerOf, type Table, textOf } from '../../base/field.ts';
import type { ProfileRules } from '../../base/profile.ts';
import type { Owner } from '../consumer.ts';

/** What a queue is declared with. */
export interface QueueSpec {
  readonly vhost: string;
  readonly name: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** Whose alone the queue is; undefined where it is not exclusive. */
  readonly owner: Owner | undefined;
  readonly arguments: Table;
}

/** The kinds of queue that the broker knows. */
export type QueueType = 'classic' | 'quorum';

/** What becomes of messages beyond the length limit. */
type Overflow = 'drop-head' | 'reject-publish' | 'reject-publish-dlx';

/** The arguments of a queue that have an effect. Times in milliseconds, sizes in bytes; absent ones are undefined. */
export interface QueueArguments {
  readonly type: QueueType;
  /** The queue goes once it was unused for so long. */
  readonly expires: number | undefined;
  readonly messageTtl: number | undefined;
  readonly maxLength: number | undefined;
  readonly maxLengthBytes: number | undefined;
  readonly overflow: Overflow;
  readonly deadLetterExchange: string | undefined;
  readonly deadLetterRoutingKey: string | undefined;
  /** The highest of the priorities that the queue tells apart; 0 where it tells none apart. */
  readonly maxPriority: number;
  readonly singleActiveConsumer: boolean;
  /** How often a message may come back before it is dropped or dead-lettered. */
  readonly deliveryLimit: number | undefined;
}

/** RabbitMQ's words for what is wrong with an argument, or undefined. */
type Check = (field: Field, all: Table) => string | undefined;

interface Rule {
  readonly check: Check;
  /** The types of queue that take the argument; the others refuse it. */
  readonly types: readonly QueueType[];
}

/** Erlang's names for the types of fields, for the words of refusals. */
const typeNames: Readonly<Record<Field['type'], string>> = {
  t: 'bool',
  b: 'byte',
  B: 'unsignedbyte',
  s: 'short',
  u: 'unsignedshort',
  I: 'signedint',
  i: 'unsignedint',
  l: 'long',
  f: 'float',
  d: 'double',
  T: 'timestamp',
  D: 'decimal',
  S: 'longstr',
  x: 'binary',
  A: 'array',
  F: 'table',
  V: 'void',
  deep: 'table',
};

/** Ten years, the longest time to live that RabbitMQ takes, in milliseconds. */
const LONGEST_TTL = 315_360_000_000;

const unacceptableType = (field: Field): string => `{unacceptable_type,${typeNames[field.type]}}`;

/** An integer, for which `refusal` has no words. */
function integer(refusal: (value: number) => string | undefined): Check {
  return (field) => {
    const value = integerOf(field);
    return value === undefined
      ? `"expected integer, got ${typeNames[field.type]}"`
      : refusal(value);
  };
}

/** One of the texts given. */
function oneOf(values: readonly string[], refusal: (value: string) => string): Check {
  return (field) => {
    const value = textOf(field);
    if (value === undefined) return unacceptableType(field);
    return values.includes(value) ? undefined : refusal(value);
  };
}

const negative = (value: number): string | undefined =>
  value < 0 ? `{value_negative,${value}}` : undefined;
const zero = (value: number): string | undefined =>
  value === 0 ? `{value_zero,${value}}` : undefined;
const tooLong = (value: number): string | undefined =>
  value > LONGEST_TTL ? `{value_too_large,${value}}` : undefined;

const count: Check = integer(negative);
const size: Check = integer((value) => negative(value) ?? zero(value));
const boolean: Check = (field) => (field.type === 't' ? undefined : unacceptableType(field));
const anyText: Check = (field) => (field.type === 'S' ? undefined : unacceptableType(field));
const anything: Check = () => undefined;
/** Whether a text can be a routing key. */
const isShort = (field: Field): boolean => Buffer.byteLength(textOf(field) ?? '') <= 255;

/** A version of classic queues, of which RabbitMQ has two. */
function version(lowest: number): Check {
  return integer((value) => {
    const isKnown = value >= lowest && value <= 2;
    return negative(value) ?? (isKnown ? undefined : `"unsupported queue version '${value}'"`);
  });
}

const leaderLocator: Check = oneOf(
  ['client-local', 'balanced', 'random', 'least-leaders'],
  () => 'invalid_queue_locator_arg',
);

const overflows = ['drop-head', 'reject-publish', 'reject-publish-dlx'] as const;

const all: readonly QueueType[] = ['classic', 'quorum'];

/**
 * The arguments that some type of queue knows, in the order in which RabbitMQ checks them (rabbit_amqqueue.erl). Those
 * of no type here belong to streams. Arguments beyond these are taken and have no effect, as on RabbitMQ.
 */
const always = {
  'x-expires': {
    types: all,
    check: integer((value) => zero(value) ?? negative(value) ?? tooLong(value)),
  },
  'x-message-ttl': { types: all, check: integer((value) => negative(value) ?? tooLong(value)) },
  'x-dead-letter-exchange': { types: all, check: anyText },
  'x-dead-letter-routing-key': {
    types: all,
    check: (field, table) =>
      anyText(field, table) ??
      (table.has('x-dead-letter-exchange') ? undefined : 'routing_key_but_no_dlx_defined') ??
      // RabbitMQ takes it, and then drops each consumer who gets such a message.
      (isShort(field) ? undefined : 'longer than 255 bytes'),
  },
  'x-dead-letter-strategy': {
    types: ['quorum'],
    check: oneOf(['at-most-once', 'at-least-once'], () => 'invalid_dlx_strategy'),
  },
  'x-max-length': { types: all, check: count },
  'x-max-length-bytes': { types: all, check: count },
  'x-max-in-memory-length': { types: ['quorum'], check: count },
  'x-max-in-memory-bytes': { types: ['quorum'], check: count },
  'x-max-priority': {
    types: ['classic'],
    check: integer(
      (value) => negative(value) ?? (value > 255 ? `{max_value_exceeded,${value}}` : undefined),
    ),
  },
  'x-overflow': { types: all, check: oneOf(overflows, () => 'invalid_overflow') },
  'x-queue-mode': {
    types: ['classic'],
    check: oneOf(['default', 'lazy'], (value) => `"unsupported queue mode '${value}'"`),
  },
  'x-queue-version': { types: ['classic'], check: version(1) },
  'x-single-active-consumer': { types: all, check: boolean },
  'x-queue-type': { types: all, check: anything },
  'x-quorum-initial-group-size': { types: ['quorum'], check: size },
  'x-queue-leader-locator': { types: ['quorum'], check: leaderLocator },
  'x-queue-master-locator': { types: ['classic'], check: anything },
  'x-delivery-limit': { types: ['quorum'], check: anything },
  'x-max-age': { types: [], check: anything },
  'x-stream-max-segment-size-bytes': { types: [], check: anything },
  'x-initial-cluster-size': { types: [], check: anything },
} as const satisfies Readonly<Record<string, Rule>>;

/** What RabbitMQ 4.0 has instead or beyond. */
const from40: Readonly<Record<string, Rule>> = {
  'x-queue-leader-locator': { types: all, check: leaderLocator },
};

/** What RabbitMQ 4.3 has instead or beyond. */
const from43: Readonly<Record<string, Rule>> = {
  ...from40,
  'x-queue-mode': { types: ['classic'], check: anything },
  'x-queue-version': { types: ['classic'], check: version(2) },
  'x-stream-filter-size-bytes': { types: [], check: anything },
  'x-consumer-timeout': { types: ['quorum'], check: integer(() => undefined) },
  'x-consumer-disconnected-timeout': { types: ['quorum'], check: anything },
  'x-delayed-retry-type': { types: ['quorum'], check: anything },
  'x-delayed-retry-min': { types: ['quorum'], check: anything },
  'x-delayed-retry-max': { types: ['quorum'], check: anything },
};

const rulesOf: Readonly<Record<ProfileRules['queueArguments'], ReadonlyMap<string, Rule>>> = {
  '3.10': new Map(Object.entries(always)),
  '4.0': new Map(Object.entries({ ...always, ...from40 })),
  '4.3': new Map(Object.entries({ ...always, ...from43 })),
};

/** RabbitMQ's words for a queue: `queue 'x' in vhost '/'`. */
export function describeQueue(queue: { readonly vhost: string; readonly name: string }): string {
  return `queue '${queue.name}' in vhost '${queue.vhost}'`;
}

/**
 * The names of the arguments in which a declaration must agree with a queue that exists, in RabbitMQ's order.
 */
export function comparedArguments(type: QueueType, profile: ProfileRules): readonly string[] {
  return [...rulesOf[profile.queueArguments]]
    .filter(([, rule]) => rule.types.includes(type))
    .map(([name]) => name);
}

/**
 * The arguments of a queue that is to be declared.
 *
 * @throws AmqpError 406 for a wrong type or value, for an argument that this type of queue does not take, and for a
 *   quorum queue that is not durable, exclusive or deleted automatically; 540 for a stream; 541 for what is deprecated.
 */
export function queueArguments(spec: QueueSpec, profile: ProfileRules): QueueArguments {
  const type = queueType(spec, profile);
  const table = spec.arguments;
  const ruleOf = rulesOf[profile.queueArguments];
  for (const [name, rule] of ruleOf) {
    const field = table.get(name);
    if (field === undefined || !rule.types.includes(type)) continue;
    const wrong = rule.check(field, table);
    if (wrong !== undefined)
      throw refusal(`invalid arg '${name}' for ${describeQueue(spec)}: ${wrong}`);
  }
  for (const name of table.keys()) {
    if (ruleOf.get(name)?.types.includes(type) !== false) continue;
    throw refusal(
      `invalid arg '${name}' for ${describeQueue(spec)} of queue type rabbit_${type}_queue`,
    );
  }
  if (type === 'quorum') checkQuorumProperties(spec);
  if (table.has('x-queue-master-locator') && !profile.masterLocators)
    throw new AmqpError(541, 'queue_master_locator is deprecated and not permitted');
  const number = (name: keyof typeof always): number | undefined => integerOf(table.get(name));
  return {
    type,
    expires: number('x-expires'),
    messageTtl: number('x-message-ttl'),
    maxLength: number('x-max-length'),
    maxLengthBytes: number('x-max-length-bytes'),
    overflow: overflowOf(table, type),
    deadLetterExchange: textOf(table.get('x-dead-letter-exchange')),
    deadLetterRoutingKey: textOf(table.get('x-dead-letter-routing-key')),
    maxPriority:
      type === 'quorum'
        ? profile.quorumPriorities - 1
        : classicMaxPriority(number('x-max-priority'), profile),
    singleActiveConsumer: table.get('x-single-active-consumer')?.value === true,
    deliveryLimit:
      type === 'quorum' ? deliveryLimit(number('x-delivery-limit'), profile) : undefined,
  };
}

/**
 * The type of queue that the arguments ask for.
 *
 * @throws AmqpError 406 for an unknown type, 540 for a stream
 */
export function queueType(spec: QueueSpec, profile: ProfileRules): QueueType {
  const field = spec.arguments.get('x-queue-type');
  if (field === undefined) return 'classic';
  const value = textOf(field);
  if (value === '' && profile.emptyQueueType) return 'classic';
  if (value === 'classic' || value === 'quorum') return value;
  if (value === 'stream')
    throw new AmqpError(540, `streams are not supported: ${describeQueue(spec)}`);
  const wrong =
    value === undefined ? unacceptableType(field) : `"unsupported queue type '${value}'"`;
  throw refusal(`invalid arg 'x-queue-type' for ${describeQueue(spec)}: ${wrong}`);
}

function checkQuorumProperties(spec: QueueSpec): void {
  const wrong = spec.autoDelete
    ? 'auto-delete'
    : spec.owner
      ? 'exclusive-owner'
      : spec.durable
        ? undefined
        : 'non-durable';
  if (wrong !== undefined) throw refusal(`invalid property '${wrong}' for ${describeQueue(spec)}`);
}

/** Quorum queues do not know `reject-publish-dlx`: they fall back to the default. */
function overflowOf(table: Table, type: QueueType): Overflow {
  const value = textOf(table.get('x-overflow'));
  if (type === 'quorum' && value === 'reject-publish-dlx') return 'drop-head';
  return overflows.find((overflow) => overflow === value) ?? 'drop-head';
}

function classicMaxPriority(given: number | undefined, profile: ProfileRules): number {
  return given === undefined ? 0 : Math.max(given, profile.leastMaxPriority);
}

/** A negative limit means none. */
function deliveryLimit(given: number | undefined, profile: ProfileRules): number | undefined {
  if (given === undefined) return profile.deliveryLimit;
  return given < 0 ? undefined : given;
}

function refusal(detail: string): AmqpError {
  return new AmqpError(406, detail);
}

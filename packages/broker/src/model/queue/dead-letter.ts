import { type Field, integerOf, type Table, text, textOf } from '../../base/field.ts';
import type { ProfileRules } from '../../base/profile.ts';
import type { Properties } from '../../base/properties.ts';
import type { Content, Message } from '../message.ts';

/** Why a message was dead-lettered (https://www.rabbitmq.com/docs/dlx#effects). */
export type DeathReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';

/** What happened to a message. */
export interface Death {
  readonly reason: DeathReason;
  /** The queue that it died in. */
  readonly queue: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** How often its delivery had failed, as far as the next queue is told of it. */
  readonly deliveryCount: number;
}

/** Where a queue's dead letters go. */
export interface DeadLetterTarget {
  readonly exchange: string;
  /** Undefined keeps those that the message came with. */
  readonly routingKey: string | undefined;
}

/** A message that died. */
export class DeadLetter implements Message {
  readonly exchange: string;
  readonly routingKey: string;
  readonly cc: readonly string[] | undefined;
  readonly persistent: boolean;
  readonly priority: number;
  /** It would expire again where it goes to. */
  readonly expiration = undefined;
  readonly content: Content;
  /** Entries of the header `x-death`, the latest first. */
  readonly deaths: readonly Field[];
  /** How often its delivery failed before. */
  readonly deliveryCount: number;

  constructor(message: Message, death: Death, target: DeadLetterTarget, rules: ProfileRules) {
    const { properties } = message.content;
    const told = rules.clientDeaths ? properties.headers?.get('x-death') : undefined;
    const earlier = deathsOf(message, told);
    const isFirst = earlier.length === 0 && told === undefined;
    this.exchange = target.exchange;
    this.routingKey = target.routingKey ?? message.routingKey;
    this.cc = target.routingKey === undefined ? message.cc : undefined;
    this.persistent = message.persistent;
    this.priority = message.priority;
    this.deliveryCount = death.deliveryCount;
    this.deaths = recordDeath(earlier, message, properties, death);
    const headers = new Map(properties.headers);
    if (target.routingKey !== undefined && !rules.keepsCc) headers.delete('CC');
    headers.set('x-death', { type: 'A', value: this.deaths });
    if (isFirst) nameDeath(headers, 'first', message, death);
    if (rules.lastDeaths) nameDeath(headers, 'last', message, death);
    const { expiration: _, ...kept } = properties;
    this.content = message.content.with({ ...kept, headers });
  }

  /**
   * Whether it may go to that queue: not where it has died before, unless a consumer rejected it since. Else it would
   * run in a circle for ever (https://www.rabbitmq.com/docs/dlx#automatic-dead-lettering-cycles).
   */
  mayReach(queue: string): boolean {
    const before = this.deaths.findIndex((death) => textOf(tableOf(death)?.get('queue')) === queue);
    if (before === -1) return true;
    return this.deaths.slice(0, before + 1).some((death) => !isAutomatic(death));
  }
}

/**
 * Deaths that are known already: those that this broker recorded, else those of the publisher.
 *
 * @param told the header `x-death`, where a publisher may write it; what is no list is passed over
 */
function deathsOf(message: Message, told: Field | undefined): readonly Field[] {
  if (message instanceof DeadLetter) return message.deaths;
  return told?.type === 'A' ? told.value : [];
}

/** The death goes to the front; one of the same queue and reason is counted up and keeps its other fields. */
function recordDeath(
  earlier: readonly Field[],
  message: Message,
  properties: Properties,
  death: Death,
): readonly Field[] {
  const isSame = (field: Field): boolean => {
    const table = tableOf(field);
    return (
      textOf(table?.get('queue')) === death.queue && textOf(table?.get('reason')) === death.reason
    );
  };
  const same = earlier.find(isSame);
  const record = new Map(tableOf(same) ?? describe(message, properties, death));
  const count = (integerOf(record.get('count')) ?? 0) + 1;
  record.set('count', { type: 'l', value: BigInt(count) });
  return [{ type: 'F', value: record }, ...earlier.filter((field) => !isSame(field))];
}

function describe(message: Message, properties: Properties, death: Death): Table {
  // A dead letter may carry the header though it was not routed by it.
  const cc = message.cc === undefined ? undefined : properties.headers?.get('CC');
  const carbonCopies = cc?.type === 'A' ? cc.value.filter((key) => key.type === 'S') : [];
  const table = new Map<string, Field>([
    ['count', { type: 'l', value: 0n }],
    ['reason', text(death.reason)],
    ['queue', text(death.queue)],
    ['time', { type: 'T', value: BigInt(Math.floor(death.time / 1000)) }],
    ['exchange', text(message.exchange)],
    ['routing-keys', { type: 'A', value: [text(message.routingKey), ...carbonCopies] }],
  ]);
  if (properties.expiration !== undefined)
    table.set('original-expiration', text(properties.expiration));
  return table;
}

/** Sets `x-first-death-*` or `x-last-death-*`. */
function nameDeath(
  headers: Map<string, Field>,
  which: 'first' | 'last',
  message: Message,
  death: Death,
): void {
  headers.set(`x-${which}-death-exchange`, text(message.exchange));
  headers.set(`x-${which}-death-queue`, text(death.queue));
  headers.set(`x-${which}-death-reason`, text(death.reason));
}

function tableOf(field: Field | undefined): Table | undefined {
  return field?.type === 'F' ? field.value : undefined;
}

/** Whether no client had a part in it. */
function isAutomatic(death: Field): boolean {
  const table = tableOf(death);
  return table !== undefined && textOf(table.get('reason')) !== 'rejected';
}

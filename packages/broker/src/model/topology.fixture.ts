import { type Field, type Table, text } from '../base/field.ts';
import { profiles } from '../base/profile.ts';
import type { Properties } from '../base/properties.ts';
import { Budget } from './budget.ts';
import type { Consumer, Owner } from './consumer.ts';
import type { Content, Entry, Message } from './message.ts';
import type { Queue } from './queue/queue.ts';
import { VirtualHost, type VirtualHostPorts } from './vhost.ts';

type Value = string | number | boolean | null | Field;

/** A table of texts, 32-bit integers, booleans and voids, or of fields as given. */
export function tableOf(values: Readonly<Record<string, Value>>): Table {
  return new Map(Object.entries(values).map(([name, value]) => [name, fieldOf(value)]));
}

function fieldOf(value: Value): Field {
  if (value === null) return { type: 'V', value };
  if (typeof value === 'object') return value;
  if (typeof value === 'string') return text(value);
  return typeof value === 'number' ? { type: 'I', value } : { type: 't', value };
}

function contentOf(properties: Properties): Content {
  const nothing = Buffer.alloc(0);
  const sizes = { header: nothing, body: nothing, bodySize: 0, byteLength: 0 };
  return { properties, ...sizes, with: contentOf };
}

/** A message without a body. */
export function messageTo(
  exchange: string,
  routingKey: string,
  options: {
    readonly cc?: readonly string[];
    readonly headers?: Table;
    readonly persistent?: boolean;
  } = {},
): Message {
  const { cc, headers, persistent = false } = options;
  const content = contentOf(headers === undefined ? {} : { headers });
  return { exchange, routingKey, cc, persistent, priority: 0, expiration: undefined, content };
}

/** A virtual host `/` whose time stands still, as RabbitMQ 3.10 unless told otherwise. */
export function newVirtualHost(ports: Partial<VirtualHostPorts> = {}): VirtualHost {
  const clock = { now: () => 0, after: () => ({ cancel: () => {} }) };
  return new VirtualHost('/', { clock, rules: profiles['3.10'], budget: new Budget(), ...ports });
}

export const owner: Owner = { name: 'owner' };
export const stranger: Owner = { name: 'stranger' };

const plain = { durable: false, exclusive: false, autoDelete: false };

/** Declares a queue that is neither durable nor exclusive, unless told otherwise. */
export function queueIn(
  vhost: VirtualHost,
  name: string,
  options: {
    readonly durable?: boolean;
    readonly exclusive?: boolean;
    readonly autoDelete?: boolean;
    readonly arguments?: Table;
  } = {},
  by: Owner = owner,
): Queue {
  return vhost.declareQueue({ ...plain, name, arguments: new Map(), ...options }, by);
}

/** Declares a transient exchange, unless told otherwise. */
export function exchangeIn(
  vhost: VirtualHost,
  name: string,
  type: string,
  options: {
    readonly durable?: boolean;
    readonly autoDelete?: boolean;
    readonly internal?: boolean;
    readonly arguments?: Table;
  } = {},
): void {
  const { durable = false, autoDelete = false, internal = false } = options;
  const args = options.arguments ?? new Map();
  vhost.declareExchange({ name, type, durable, autoDelete, internal, arguments: args });
}

/** A consumer that takes everything and keeps what it got. */
export class TestConsumer implements Consumer {
  readonly tag = 'test';
  readonly noAck = false;
  readonly exclusive = false;
  readonly priority = 0;
  readonly arguments: Table = new Map();
  readonly entries: Entry[] = [];
  isCancelled = false;

  ready(): boolean {
    return true;
  }

  deliver(entry: Entry): void {
    this.entries.push(entry);
  }

  cancelled(): void {
    this.isCancelled = true;
  }
}

import { type Field, type Table, textOf } from '../../base/field.ts';
import { ManualClock } from '../../base/manual-clock.ts';
import { type Profile, type ProfileRules, profiles } from '../../base/profile.ts';
import type { Properties } from '../../base/properties.ts';
import type { Consumer } from '../consumer.ts';
import type { Content, Entry, Message } from '../message.ts';
import { Queue } from './queue.ts';
import { type QueueSpec, queueArguments } from './queue-arguments.ts';
import type { QueueHost } from './queue-host.ts';
import { WorkList } from './work-list.ts';

/** Content that keeps its properties as they are. */
export class PlainContent implements Content {
  readonly properties: Properties;
  readonly header: Buffer = Buffer.alloc(0);
  readonly body: Buffer;

  constructor(body: Buffer, properties: Properties) {
    this.body = body;
    this.properties = properties;
  }

  get bodySize(): number {
    return this.body.length;
  }

  get byteLength(): number {
    return this.body.length;
  }

  with(properties: Properties): Content {
    return new PlainContent(this.body, properties);
  }
}

/** A message with a body that tells it from others. */
export function messageOf(
  body: string,
  properties: Properties = {},
  message: Partial<Message> = {},
): Message {
  return {
    exchange: '',
    routingKey: 'q',
    cc: undefined,
    persistent: properties.deliveryMode === 2,
    priority: properties.priority ?? 0,
    expiration: properties.expiration === undefined ? undefined : Number(properties.expiration),
    content: new PlainContent(Buffer.from(body), properties),
    ...message,
  };
}

export function bodyOf(message: Message): string {
  return message.content.body.toString();
}

export const int = (value: number): Field => ({ type: 'I', value });
export const yes: Field = { type: 't', value: true };
export const text = (value: string): Field => ({ type: 'S', value: Buffer.from(value) });

/** A table as plain values: texts as strings, numbers as numbers. */
export function plain(table: Table | undefined): Record<string, unknown> {
  return Object.fromEntries([...(table ?? [])].map(([key, field]) => [key, plainField(field)]));
}

function plainField(field: Field): unknown {
  if (field.type === 'S') return textOf(field);
  if (field.type === 'A') return field.value.map(plainField);
  if (field.type === 'F') return plain(field.value);
  return typeof field.value === 'bigint' ? Number(field.value) : field.value;
}

/** A virtual host of queues; the default exchange, `''`, leads to them by name, any other exchange nowhere. */
export class TestHost implements QueueHost {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly rules: ProfileRules;
  /** What died, also where it went to a queue. */
  readonly letters: Message[] = [];
  readonly unusedQueues: string[] = [];
  readonly queues = new Map<string, Queue>();
  /** Bytes of memory taken and not given back. */
  used = 0;
  changes = 0;
  readonly #work = new WorkList<() => void>((work) => work());

  constructor(profile: Profile = '3.10') {
    this.rules = profiles[profile];
  }

  queue(args: Readonly<Record<string, Field>> = {}, spec: Partial<QueueSpec> = {}): Queue {
    const whole: QueueSpec = {
      vhost: '/',
      name: 'q',
      durable: true,
      autoDelete: false,
      owner: undefined,
      arguments: new Map(Object.entries(args)),
      ...spec,
    };
    const queue = new Queue(whole, queueArguments(whole, this.rules), this);
    this.queues.set(whole.name, queue);
    return queue;
  }

  deadLetter(message: Message, mayReach: (queue: string) => boolean): void {
    this.letters.push(message);
    const queue = message.exchange === '' ? this.queues.get(message.routingKey) : undefined;
    if (queue !== undefined && mayReach(queue.name)) this.#work.add(() => queue.publish(message));
  }

  unused(queue: Queue): void {
    this.unusedQueues.push(queue.name);
  }

  changed(): void {
    this.changes += 1;
  }

  take(bytes: number): void {
    this.used += bytes;
  }

  give(bytes: number): void {
    this.used -= bytes;
  }
}

/** A consumer that keeps what it gets. */
export class TestConsumer implements Consumer {
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  readonly arguments: Table = new Map();
  /** How many messages it takes. */
  credit: number;
  readonly entries: Entry[] = [];
  isCancelled = false;
  /** How often it was asked whether it is ready. */
  asked = 0;

  constructor(
    options: Partial<
      Pick<TestConsumer, 'tag' | 'noAck' | 'exclusive' | 'priority' | 'credit'>
    > = {},
  ) {
    this.tag = options.tag ?? 'tag';
    this.noAck = options.noAck ?? false;
    this.exclusive = options.exclusive ?? false;
    this.priority = options.priority ?? 0;
    this.credit = options.credit ?? Number.POSITIVE_INFINITY;
  }

  get bodies(): string[] {
    return this.entries.map((entry) => bodyOf(entry.message));
  }

  ready(): boolean {
    this.asked += 1;
    return this.credit > 0;
  }

  deliver(entry: Entry): void {
    this.credit -= 1;
    this.entries.push(entry);
  }

  cancelled(): void {
    this.isCancelled = true;
  }
}

/** Publishes messages with these bodies. */
export function publishAll(queue: Queue, bodies: Iterable<string>): void {
  for (const body of bodies) queue.publish(messageOf(body));
}

/** Takes everything that waits, acknowledged. */
export function drain(queue: Queue): string[] {
  const bodies: string[] = [];
  for (let entry = queue.get(true); entry !== undefined; entry = queue.get(true))
    bodies.push(bodyOf(entry.message));
  return bodies;
}

/** Takes the message at the head, which must be there. */
export function take(queue: Queue): Entry {
  const entry = queue.get(false);
  if (entry === undefined) throw new RangeError(`nothing waits in ${queue.name}`);
  return entry;
}

import assert from 'node:assert/strict';
import { deadline } from '../../deadline.ts';
import { createInbox, type Inbox } from '../../inbox.ts';
import { uniqueName } from '../../with-broker.ts';
import type {
  ChannelUnderTest,
  Delivery,
  DriverUnderTest,
  End,
  LinkUnderTest,
  Outgoing,
  Returned,
  Target,
} from './port.ts';

/** One thing that a driver told, in the order in which it did. */
export type Told =
  | { readonly kind: 'ended'; readonly channel: number; readonly end: End }
  | {
      readonly kind: 'confirmed';
      readonly channel: number;
      readonly tag: number;
      readonly multiple: boolean;
      readonly ok: boolean;
    }
  | { readonly kind: 'returned'; readonly channel: number; readonly message: Returned }
  | { readonly kind: 'cancelled'; readonly channel: number; readonly tag: string }
  | { readonly kind: 'lost'; readonly cause: Error }
  | { readonly kind: 'blocked' | 'unblocked' };

type ToldOf<K extends Told['kind']> = Extract<Told, { readonly kind: K }>;

const STEP_MS = 10_000;

/** One connection of the driver under test and all that it tells. */
export class Bench implements AsyncDisposable {
  readonly link: LinkUnderTest;
  readonly told: Inbox<Told>;
  /** A channel's number whenever its socket takes more again, which may happen at any time. */
  readonly writable: Inbox<number> = createInbox<number>('a socket that takes more');
  #channels = 0;

  constructor(link: LinkUnderTest, told: Inbox<Told>) {
    this.link = link;
    this.told = told;
  }

  /** Opens a channel; what it tells carries its number, counted from 1. */
  async channel(): Promise<ChannelUnderTest> {
    const { push } = this.told;
    const channel = ++this.#channels;
    return await soon(
      this.link.openChannel({
        ended: (end) => push({ kind: 'ended', channel, end }),
        confirmed: (tag, multiple, ok) => push({ kind: 'confirmed', channel, tag, multiple, ok }),
        returned: (message) => push({ kind: 'returned', channel, message }),
        cancelled: (tag) => push({ kind: 'cancelled', channel, tag }),
        writable: () => this.writable.push(channel),
      }),
      'channel.open',
    );
  }

  /** A channel with confirms. */
  async publisher(): Promise<ChannelUnderTest> {
    const channel = await this.channel();
    await soon(channel.selectConfirms(), 'confirm.select');
    return channel;
  }

  /** The next thing that is told, which must be of that kind. */
  async next<K extends Told['kind']>(kind: K): Promise<ToldOf<K>> {
    const told = await this.told.next(STEP_MS);
    if (isKind(told, kind)) return told;
    assert.fail(`told ${describe(told)} where ${kind} was to come`);
  }

  /** Waits until the first `count` publishes are confirmed; nothing else may be told. */
  async allConfirmed(count: number): Promise<void> {
    const open = tagsUpTo(count);
    while (open.size > 0) takeConfirmed(open, await this.next('confirmed'));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.link.destroy();
    return Promise.resolve();
  }
}

/** The tags of the first `count` publishes of a channel. */
export function tagsUpTo(count: number): Set<number> {
  return new Set(Array.from({ length: count }, (_, index) => index + 1));
}

/**
 * Takes what is confirmed out of what is `open`, and gives it. A broker may confirm in any order: with `multiple`
 * it is all up to `tag` that is still open.
 */
export function takeConfirmed(
  open: Set<number>,
  { tag, multiple, ok }: ToldOf<'confirmed'>,
): readonly number[] {
  assert.equal(ok, true);
  const confirmed = multiple ? [...open].filter((each) => each <= tag) : [tag];
  for (const each of confirmed) assert.ok(open.delete(each), `${each} was confirmed twice`);
  return confirmed;
}

/** Connects and collects what is told. */
export async function openBench(driver: DriverUnderTest, target: Target): Promise<Bench> {
  const told = createInbox<Told>('something the driver tells');
  const link = await soon(
    driver.connect(target, {
      lost: (cause) => told.push({ kind: 'lost', cause }),
      blocked: () => told.push({ kind: 'blocked' }),
      unblocked: () => told.push({ kind: 'unblocked' }),
    }),
    'connect',
  );
  return new Bench(link, told);
}

/** A mandatory message for a queue of that name, with nothing but what AMQP asks for unless told otherwise. */
export function outgoing(queue: string, changes: Partial<Outgoing> = {}): Outgoing {
  return {
    exchange: '',
    routingKey: queue,
    mandatory: true,
    body: Buffer.from('hello'),
    deliveryMode: 1,
    messageId: uniqueName('message'),
    contentType: undefined,
    contentEncoding: undefined,
    headers: undefined,
    priority: undefined,
    correlationId: undefined,
    replyTo: undefined,
    expiration: undefined,
    timestamp: undefined,
    type: undefined,
    userId: undefined,
    appId: undefined,
    ...changes,
  };
}

/** Declares a queue that goes with the connection; gives its name. */
export async function tempQueue(channel: ChannelUnderTest): Promise<string> {
  const name = uniqueName('conformance');
  const spec = { name, durable: false, exclusive: true, autoDelete: false, arguments: undefined };
  await soon(channel.declareQueue(spec), 'queue.declare');
  return name;
}

/** Consumes a queue into an inbox. */
export async function collect(
  channel: ChannelUnderTest,
  queue: string,
  options: { readonly noAck?: boolean } = {},
): Promise<{ readonly tag: string; readonly deliveries: Inbox<Delivery> }> {
  const deliveries = createInbox<Delivery>('a delivery');
  const consuming = channel.consume({
    queue,
    consumerTag: '',
    noAck: options.noAck ?? false,
    exclusive: false,
    arguments: undefined,
    deliver: deliveries.push,
  });
  return { tag: await soon(consuming, 'basic.consume'), deliveries };
}

/** What `promise` rejects with; its code must be `code`. */
export async function rejectedWith(promise: Promise<unknown>, code: string): Promise<Error> {
  const outcome = await soon(
    promise.then(
      () => undefined,
      (error: unknown) => error,
    ),
    `a rejection with ${code}`,
  );
  assert.ok(outcome instanceof Error, `resolved where ${code} was to come`);
  assert.equal(Reflect.get(outcome, 'code'), code, outcome.message);
  return outcome;
}

/** `promise`, or an error that names what did not happen in time. */
export function soon<T>(promise: Promise<T>, label: string, ms: number = STEP_MS): Promise<T> {
  return deadline(promise, ms, label);
}

function isKind<K extends Told['kind']>(told: Told, kind: K): told is ToldOf<K> {
  return told.kind === kind;
}

function describe(told: Told): string {
  return 'end' in told ? `ended by the ${told.end.kind}` : told.kind;
}

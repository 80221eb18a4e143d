import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Arrival } from './assembly.ts';
import { checkClosing } from './closing.ts';
import { encodeMethod } from './codec.ts';
import { bodyFrames, type Frame, headerFrame, methodFrame } from './frames.ts';
import type { Mailbox } from './mailbox.ts';
import type { Arrived, Call, Method, Methods, ReplyOf } from './methods.ts';
import { encodeProperties, type Properties } from './properties.ts';

/** How much of what arrived is told in errors, in characters. */
const LINE_LENGTH = 240;

/** Fields may be left out altogether where none is needed. */
type FieldsOf<M extends Method> =
  Record<never, never> extends Methods[M] ? [fields?: Methods[M]] : [fields: Methods[M]];

/** A message to publish. */
export type Publication = Methods['basic.publish'] & {
  /** The properties, or the bytes that are sent in their place: two of flags, then the values. */
  readonly properties?: Properties | Uint8Array;
  readonly body?: string | Uint8Array;
};

/** What a channel needs of its socket. */
interface Wire {
  readonly frameMax: number;
  write(...pieces: readonly Uint8Array[]): void;
}

/** One channel as a test sees it: it says what it likes, and takes what arrived in its order. */
export class AmqpChannel {
  readonly number: number;
  readonly #wire: Wire;
  readonly #mailbox: Mailbox<Arrival>;

  constructor(wire: Wire, number: number, mailbox: Mailbox<Arrival>) {
    this.#wire = wire;
    this.number = number;
    this.#mailbox = mailbox;
  }

  /** How many methods and messages have arrived and have not been taken. */
  get waiting(): number {
    return this.#mailbox.size;
  }

  /** Sends a method and waits for nothing. */
  send<M extends Method>(method: M, ...[fields]: FieldsOf<M>): void {
    this.#wire.write(encodeMethod(this.number, method, fields ?? {}));
  }

  /** Sends a method by its numbers, with these bytes as its fields. */
  sendRaw(classId: number, methodId: number, fields?: Uint8Array): void {
    this.#wire.write(methodFrame(this.number, classId, methodId, fields));
  }

  /**
   * Sends a method and takes its answer, also from behind deliveries, returns and acks, which stay in their order. Where
   * the order matters, `send` and take what comes by `next`.
   *
   * @throws TestkitError when the channel or connection is closed instead.
   */
  async call<M extends Call>(method: M, ...fields: FieldsOf<M>): Promise<Arrived<ReplyOf<M>>> {
    const reply = replyTo(method);
    this.send(method, ...fields);
    const arrival = await this.#mailbox.take(
      reply,
      (it) => it.method === reply || isClosing(it.method),
    );
    return this.#mustBe(arrival, reply);
  }

  /**
   * Takes the next thing that arrived, waiting for it if need be; it must be that method.
   *
   * @throws TestkitError when nothing comes in time, or the connection is closed instead.
   */
  async next<M extends Method>(method: M): Promise<Arrived<M>> {
    return this.#mustBe(await this.#mailbox.take(`${method} on channel ${this.number}`), method);
  }

  /** Takes the next `count` things that arrived, which must all be that method. */
  async take<M extends Method>(method: M, count: number): Promise<Arrived<M>[]> {
    const taken: Arrived<M>[] = [];
    while (taken.length < count) taken.push(await this.next(method));
    return taken;
  }

  /** Takes the next thing that arrived, whatever it is. */
  async nextOfAny(): Promise<Arrival> {
    return await this.#mailbox.take(`anything on channel ${this.number}`);
  }

  /** Takes the next thing that arrived, which must be a frame that is no known method. */
  async nextFrame(what: string): Promise<Frame> {
    const arrival = await this.#mailbox.take(`${what} on channel ${this.number}`);
    if (arrival.method === 'odd frame') return arrival.frame;
    assert.fail(`${describeArrival(arrival)} arrived where ${what} was awaited`);
  }

  /** Publishes a message; its body goes in frames of the size that was agreed upon. */
  publish(message: Publication): void {
    const { properties = {}, body = '', ...fields } = message;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const encoded = properties instanceof Uint8Array ? properties : encodeProperties(properties);
    this.#wire.write(
      encodeMethod(this.number, 'basic.publish', fields),
      headerFrame(this.number, bytes.length, encoded),
      ...bodyFrames(this.number, bytes, this.#wire.frameMax),
    );
  }

  /** Takes one message off a queue by `basic.get`; undefined when the queue is empty. */
  async get(
    queue: string,
    options: { readonly noAck?: boolean } = {},
  ): Promise<Arrived<'basic.get-ok'> | undefined> {
    this.send('basic.get', { queue, ...options });
    const arrival = await this.#mailbox.take(
      'basic.get-ok or basic.get-empty',
      ({ method }) =>
        method === 'basic.get-ok' || method === 'basic.get-empty' || isClosing(method),
    );
    return arrival.method === 'basic.get-empty' ? undefined : this.#mustBe(arrival, 'basic.get-ok');
  }

  /**
   * The next thing to arrive must be a `channel.close` with that code, for that method if one is named (`none` for method
   * 0). It is answered, so that the number can be opened again.
   */
  async expectClose(
    replyCode: number,
    method?: Method | 'none',
  ): Promise<Methods['channel.close']> {
    const closing = await this.next('channel.close');
    checkClosing(closing, replyCode, method);
    this.send('channel.close-ok');
    return closing;
  }

  /**
   * Waits until the broker has handled what was sent on this channel, the named queues included: what they had for this
   * channel has arrived then. It does not wait for the disk, and messages of other channels need their own.
   *
   * @throws TestkitError when a queue does not exist, or the channel is closed.
   */
  async settle(...queues: readonly string[]): Promise<void> {
    for (const queue of queues) await this.call('queue.declare', { queue, passive: true });
    // The answer of a queue may overtake its deliveries inside the broker; the answer to a second method does not.
    await this.call('exchange.declare', { exchange: 'amq.direct', passive: true });
  }

  /** Nothing may have arrived when all that was sent is handled, as `settle` says. */
  async expectNothing(...queues: readonly string[]): Promise<void> {
    await this.settle(...queues);
    if (this.waiting === 0) return;
    assert.fail(`${describeArrival(await this.nextOfAny())} arrived where nothing was to come`);
  }

  #mustBe<M extends Method>(arrival: Arrival, method: M): Arrived<M> {
    if (isArrived(arrival, method)) return arrival;
    assert.fail(
      `${describeArrival(arrival)} arrived on channel ${this.number} where ${method} was awaited`,
    );
  }
}

/** What arrived, in one short line for errors. */
export function describeArrival(arrival: Arrival): string {
  const { method, ...fields } = arrival;
  const line = inspect(fields, {
    breakLength: Number.POSITIVE_INFINITY,
    depth: 2,
    maxStringLength: 80,
  });
  return `${method} ${line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line}`;
}

function isArrived<M extends Method>(arrival: Arrival, method: M): arrival is Arrived<M> & Arrival {
  return arrival.method === method;
}

function replyTo<M extends Call>(method: M): ReplyOf<M> {
  // The compiler does not follow the text into the type.
  return `${method}-ok` as ReplyOf<M>;
}

function isClosing(method: string): boolean {
  return method === 'channel.close' || method === 'connection.close';
}

import type { WireDelivery, WireProperties, WireReturn } from '../../message/message.ts';
import { ProtocolViolation } from './failures.ts';
import type { BodyFrame, HeaderFrame, MethodFrame } from './internals.ts';
import { LARGEST_BODY } from './protocol.ts';

/** A whole message: the method that announced it and everything that followed. */
export type Assembled = WireDelivery & WireReturn;

const EMPTY = Buffer.alloc(0);

/** Pieces of a body that are kept as they come, however small they are. */
const FEW = 64;
/** Bytes of a piece on average; below it, what it costs to keep a piece counts for more than the piece. */
const SMALL = 1024;

/**
 * Puts the messages of one channel together from their frames: method, header, body, in that order and with
 * nothing between them. Bodies are the very bytes that came, counted by the size that the header announces,
 * so any split over frames will do. What it holds is bounded by what has come and by the largest message that
 * RabbitMQ can be told to take.
 */
export class Assembly {
  /** Given from the method on, for the time that the message is on its way. */
  #method: MethodFrame | undefined;
  /** Given from the header on. */
  #header: HeaderFrame | undefined;
  #chunks: Buffer[] = [];
  #missing = 0;
  readonly #done: (method: MethodFrame, message: Assembled) => void;

  constructor(done: (method: MethodFrame, message: Assembled) => void) {
    this.#done = done;
  }

  /** Whether a message is on its way: the next frame must be of it. */
  get busy(): boolean {
    return this.#method !== undefined;
  }

  /** A method that a message follows. */
  method(frame: MethodFrame): void {
    this.#method = frame;
  }

  /** The properties and size of the message. */
  header(frame: HeaderFrame): void {
    if (!this.#method || this.#header)
      throw new ProtocolViolation('the server sent a content header that belongs to no message');
    if (frame.bodySize > LARGEST_BODY)
      throw new ProtocolViolation(`the server announced a message of ${frame.bodySize} bytes`);
    this.#header = frame;
    this.#missing = frame.bodySize;
    if (frame.bodySize === 0) this.#finish(this.#method, frame, EMPTY);
  }

  /** A piece of its body. */
  body({ payload }: BodyFrame): void {
    if (!this.#method || !this.#header || payload.length > this.#missing)
      throw new ProtocolViolation('the server sent more of a body than it announced');
    this.#missing -= payload.length;
    if (this.#missing > 0) {
      this.#keep(payload, this.#header.bodySize - this.#missing);
    } else if (this.#chunks.length === 0) {
      this.#finish(this.#method, this.#header, payload);
    } else {
      this.#chunks.push(payload);
      const whole = Buffer.concat(this.#chunks);
      this.#chunks = [];
      this.#finish(this.#method, this.#header, whole);
    }
  }

  /** Pieces of a byte each would cost a hundred times what they hold, and pieces of none grow for ever. */
  #keep(payload: Buffer, received: number): void {
    this.#chunks.push(payload);
    const count = this.#chunks.length;
    if (count > FEW && count * SMALL > received) this.#chunks = [Buffer.concat(this.#chunks)];
  }

  #finish(method: MethodFrame, header: HeaderFrame, body: Buffer): void {
    this.#method = undefined;
    this.#header = undefined;
    // The driver made the object for this message alone, so it is filled up rather than copied.
    this.#done(method, Object.assign(header.fields, announced(method, body)));
  }
}

function announced(
  { params = {} }: MethodFrame,
  body: Buffer,
): Omit<Assembled, keyof WireProperties> {
  return {
    consumerTag: text(params['consumerTag']),
    deliveryTag: Number(params['deliveryTag']),
    redelivered: params['redelivered'] === true,
    exchange: text(params['exchange']) ?? '',
    routingKey: text(params['routingKey']) ?? '',
    messageCount: number(params['messageCount']),
    replyCode: Number(params['replyCode']),
    replyText: text(params['replyText']) ?? '',
    body,
  };
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

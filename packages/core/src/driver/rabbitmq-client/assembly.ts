import type { WireDelivery, WireProperties, WireReturn } from '../../message/message.ts';
import type { BodyFrame, HeaderFrame, MethodFrame } from './internals.ts';

/** A whole message: the method that announced it and everything that followed. */
export type Assembled = WireDelivery & WireReturn;

const EMPTY = Buffer.alloc(0);

/**
 * Puts the messages of one channel together from their frames: method, header, body. Bodies are the very
 * bytes that came, counted by the size that the header declares, so any split over frames will do.
 */
export class Assembly {
  #method: MethodFrame | undefined;
  #header: HeaderFrame | undefined;
  #chunks: Buffer[] = [];
  #missing = 0;
  readonly #done: (methodId: number, message: Assembled) => void;

  constructor(done: (methodId: number, message: Assembled) => void) {
    this.#done = done;
  }

  /** A method that a message follows. */
  method(frame: MethodFrame): void {
    this.#method = frame;
    this.#header = undefined;
  }

  /** The properties and size of the message. */
  header(frame: HeaderFrame): void {
    this.#header = frame;
    this.#missing = frame.bodySize;
    if (frame.bodySize === 0) this.#finish(EMPTY);
  }

  /** A piece of its body. */
  body(frame: BodyFrame): void {
    const { payload } = frame;
    this.#missing -= payload.length;
    if (this.#missing > 0) {
      this.#chunks.push(payload);
    } else if (this.#chunks.length === 0) {
      this.#finish(payload);
    } else {
      this.#chunks.push(payload);
      const whole = Buffer.concat(this.#chunks);
      this.#chunks = [];
      this.#finish(whole);
    }
  }

  #finish(body: Buffer): void {
    const method = this.#method;
    const header = this.#header;
    if (!method || !header) return;
    this.#method = undefined;
    this.#header = undefined;
    // The driver made the object for this message alone, so it is filled up rather than copied.
    this.#done(method.methodId, Object.assign(header.fields, announced(method, body)));
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
    replyCode: Number(params['replyCode']),
    replyText: text(params['replyText']) ?? '',
    body,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

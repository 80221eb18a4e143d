import { ignore } from '../../internal/deferred.ts';
import { Fifo } from '../../internal/fifo.ts';
import type { WireDelivery } from '../../message/message.ts';
import type { Method } from './methods.ts';

/** A message that was fetched, as an answer. */
interface Fetched {
  readonly id: 'message';
  readonly message: WireDelivery;
}

/** What may answer a request. */
export type Answer = Method | Fetched;

interface Request {
  readonly methodId: number;
  readonly frame: Buffer;
  /** Takes the answer, if it is one to this request. */
  readonly answered: (answer: Answer) => boolean;
  readonly reject: (error: Error) => void;
  /** Called when it is sent. */
  readonly sent: () => void;
}

/**
 * The requests of a channel, or of a connection. AMQP answers them without saying which: one at a time is under way, the others wait their
 * turn. None of them outlives it.
 */
export class Requests {
  readonly #send: (frame: Buffer) => void;
  readonly #waiting = new Fifo<Request>();
  #current: Request | undefined;

  constructor(send: (frame: Buffer) => void) {
    this.#send = send;
  }

  /** Makes a request; `read` gives `undefined` for what is no answer to it. */
  ask<T>(
    methodId: number,
    frame: Buffer,
    read: (answer: Answer) => T | undefined,
    sent: () => void = ignore,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const answered = (answer: Answer): boolean => {
        const result = read(answer);
        if (result === undefined) return false;
        resolve(result);
        return true;
      };
      const request = { methodId, frame, answered, reject, sent };
      if (this.#current) this.#waiting.push(request);
      else this.#start(request);
    });
  }

  /** Hands over what came. Gives whether it answers the request under way. */
  answered(answer: Answer): boolean {
    if (!this.#current?.answered(answer)) return false;
    this.#start(this.#waiting.shift());
    return true;
  }

  /** Nothing more is sent: what waits its turn is rejected, what is under way may still be answered. */
  endWaiting(failure: () => Error): void {
    for (const { reject } of this.#waiting.drain()) reject(failure());
  }

  /** Nothing will be answered any more: `failure` says why, given the method that a request is, if it was sent. */
  end(failure: (methodId: number | undefined) => Error): void {
    const current = this.#current;
    this.#current = undefined;
    current?.reject(failure(current.methodId));
    this.endWaiting(() => failure(undefined));
  }

  #start(request: Request | undefined): void {
    this.#current = request;
    if (!request) return;
    this.#send(request.frame);
    request.sent();
  }
}

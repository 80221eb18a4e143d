import { duration } from '../connection/options.ts';
import type { LeveretError } from '../errors/leveret-error.ts';
import type { Clock } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { type Deferred, deferred } from '../internal/deferred.ts';
import type { IncomingMessage } from '../message/incoming.ts';
import type { ConsumeOptions, Queue } from './queue.ts';

/** How a queue is iterated. */
export interface IterateOptions extends Omit<ConsumeOptions, 'concurrency' | 'timeout'> {
  /** Milliseconds to wait for each message; after it the iteration throws `TIMEOUT`. Default: for ever. */
  readonly timeout?: number;
}

/** Consumes `queue` into an iteration; a message belongs to the loop body once it is yielded. */
export function iterate(
  queue: Queue,
  options: IterateOptions,
  clock: Clock,
): AsyncGenerator<IncomingMessage, void, undefined> {
  duration('timeout', options.timeout, 0);
  const source = new Source();
  const generator = run(queue, options, clock, source);
  const leave = generator.return.bind(generator);
  // A generator that waits for a message hears of its end only when one comes.
  generator.return = (value) => {
    source.stop(undefined);
    return leave(value);
  };
  return generator;
}

async function* run(
  queue: Queue,
  options: IterateOptions,
  clock: Clock,
  source: Source,
): AsyncGenerator<IncomingMessage, void, undefined> {
  const { timeout, ...consuming } = options;
  // One at a time: the loop body is the handler, so closing waits for it.
  const consumer = await queue.consume((message) => source.offer(message), {
    ...consuming,
    concurrency: 1,
  });
  consumer.ended.then((cause) => source.stop(cause));
  try {
    for (;;) {
      const waiting = source.changed();
      if (waiting)
        await (timeout === undefined ? waiting : withDeadline(waiting, 'iterate', timeout, clock));
      const offered = source.take();
      if (!offered) {
        if (source.over?.cause) throw source.over.cause;
        if (source.over) return;
        continue;
      }
      try {
        yield offered.message;
      } finally {
        offered.done();
      }
    }
  } finally {
    source.stop(undefined);
    await consumer.close();
  }
}

interface Offer {
  readonly message: IncomingMessage;
  /** The loop body has done with it. */
  readonly done: () => void;
}

/** Between the consumer, which offers one message at a time, and the loop, which takes it. */
class Source {
  #offer: Offer | undefined;
  #change: Deferred<void> | undefined;
  /** No more messages will come; with the reason, where nobody asked for it. */
  over: { readonly cause: LeveretError | undefined } | undefined;

  /** Offers a message; resolves once the loop body has done with it. */
  offer(message: IncomingMessage): Promise<void> {
    const { promise, resolve } = deferred();
    this.#offer = { message, done: resolve };
    if (this.over) this.#giveBack();
    this.#change?.resolve();
    return promise;
  }

  /** Takes what is offered, but not what came over a channel that is gone: it will come again. */
  take(): Offer | undefined {
    const offer = this.#offer;
    this.#offer = undefined;
    if (!offer?.message.signal.aborted) return offer;
    offer.done();
    return undefined;
  }

  /** Resolves when there is something to see; `undefined` where there is already. */
  changed(): Promise<void> | undefined {
    if (this.#offer || this.over) return undefined;
    this.#change = deferred();
    return this.#change.promise;
  }

  /** Ends it; what was not taken goes back. */
  stop(cause: LeveretError | undefined): void {
    this.over ??= { cause };
    this.#giveBack();
    this.#change?.resolve();
  }

  #giveBack(): void {
    const offer = this.#offer;
    this.#offer = undefined;
    if (offer && !offer.message.settled) offer.message.nack({ requeue: true });
    offer?.done();
  }
}

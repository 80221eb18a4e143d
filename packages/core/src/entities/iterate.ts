import type { ChannelStatus } from '../channel/session.ts';
import type { LeveretError } from '../errors/leveret-error.ts';
import type { Clock } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { type Deferred, deferred } from '../internal/deferred.ts';
import type { Listeners } from '../internal/emitter.ts';
import { Fifo } from '../internal/fifo.ts';
import type { IncomingMessage } from '../message/incoming.ts';
import type { ConsumeOptions, Queue } from './queue.ts';

/** How a queue is iterated. */
export interface IterateOptions extends Omit<ConsumeOptions, 'concurrency'> {
  /** Milliseconds to wait for each message; after it the iteration throws `TIMEOUT`. Default: for ever. */
  readonly timeout?: number;
}

/** What an iteration needs of its channel. */
export interface IteratedChannel {
  readonly clock: Clock;
  readonly changes: Pick<Listeners<ChannelStatus>, 'add'>;
}

/** Consumes `queue` into an iteration; a message belongs to the loop body once it is yielded. */
export async function* iterate(
  queue: Queue,
  options: IterateOptions,
  channel: IteratedChannel,
): AsyncGenerator<IncomingMessage, void, undefined> {
  let arrived = new Fifo<IncomingMessage>();
  let wake: Deferred<void> = deferred();
  // Nothing is in a handler's hands here, so closing has nothing to wait for.
  const consumer = await queue.consume((message) => {
    arrived.push(message);
    wake.resolve();
  }, options);
  // What came over a channel that is gone is delivered again.
  const off = channel.changes.add(({ state }) => {
    if (state === 'recovering') arrived = new Fifo();
  });
  let over: { readonly cause: LeveretError | undefined } | undefined;
  consumer.ended.then((cause) => {
    over = { cause };
    wake.resolve();
  });
  try {
    for (;;) {
      const message = arrived.shift();
      if (message) {
        yield message;
        continue;
      }
      if (over) {
        if (over.cause) throw over.cause;
        return;
      }
      wake = deferred();
      const { promise } = wake;
      await (options.timeout === undefined
        ? promise
        : withDeadline(promise, 'iterate', options.timeout, channel.clock));
    }
  } finally {
    off();
    for (const message of arrived.drain()) if (!message.settled) message.nack({ requeue: true });
    await consumer.close();
    for (const message of arrived.drain()) if (!message.settled) message.nack({ requeue: true });
  }
}

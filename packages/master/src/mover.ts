import {
  type Channel,
  type Clock,
  type HeaderTable,
  type IncomingMessage,
  InvalidMessageError,
  LeveretError,
  type OutgoingMessage,
  type ReceivedMessage,
} from '@leveret/core';
import type { Delays } from './delay/delays.ts';
import { expirationOf, givenHeaders, lasting, OUR_HEADERS, pastTries } from './headers.ts';

/** How long a task that could not be moved is held before it goes back to its queue, in milliseconds. */
const PAUSE = 1_000;
/** How long the broker may take to confirm the copy of a task, in milliseconds. */
const TIMEOUT = 30_000;

/** What the mover of one queue is made of. */
export interface MoverParts {
  /** The queue that the tasks come from. */
  readonly queue: string;
  readonly channel: Channel;
  readonly delays: Delays;
  readonly clock: Clock;
}

/** When a task comes again. */
export interface Postponement {
  /** In so many milliseconds. */
  readonly delay: number;
  /** Whether the try that ended just now counts as one that failed. */
  readonly counts: boolean;
}

/**
 * Moves tasks to where they wait: a copy is published and confirmed, then the original acknowledged. Whatever
 * dies in between leaves both, never none. A task that cannot be moved goes back to its queue after a pause.
 */
export class TaskMover {
  readonly #parts: MoverParts;

  constructor(parts: MoverParts) {
    this.#parts = parts;
  }

  /** To the end of its own queue, with the count of how often it came back unsettled. */
  again(message: IncomingMessage, redeliveries: number): Promise<boolean> {
    const { expiration } = message;
    const ours = { [OUR_HEADERS.redeliveries]: redeliveries };
    return this.#move(message, () => this.#publish({ ...copyOf(message, ours), expiration }));
  }

  /** To its own queue after a delay in milliseconds; `counts` says whether this try was a failed one. */
  later(message: IncomingMessage, { delay, counts }: Postponement): Promise<boolean> {
    const { queue, delays, clock } = this.#parts;
    const now = clock.date();
    const { failures, firstFailure } = pastTries(message);
    const copy = copyOf(message, {
      [OUR_HEADERS.attempts]: failures + (counts ? 1 : 0),
      [OUR_HEADERS.firstFailure]: firstFailure ?? now.toISOString(),
      ...expirationHeader(message),
    });
    const due = new Date(now.getTime() + delay);
    return this.#move(message, () => delays.publish(copy, queue, due, TIMEOUT));
  }

  /** To another queue, for as long as it takes: of these headers the first that fit are taken. */
  aside(message: IncomingMessage, queue: string, ours: readonly HeaderTable[]): Promise<boolean> {
    const kept = expirationHeader(message);
    const copies = ours.map((headers) => () => copyOf(message, { ...headers, ...kept }));
    const bare = (): OutgoingMessage => bareCopyOf(message, { ...ours.at(-1), ...kept });
    return this.#move(message, () => this.#publishFirst([...copies, bare], queue));
  }

  async #publishFirst(
    [make, ...others]: readonly (() => OutgoingMessage)[],
    queue: string,
  ): Promise<void> {
    if (!make) return;
    try {
      await this.#publish(make(), queue);
    } catch (error) {
      if (!(error instanceof InvalidMessageError) || others.length === 0) throw error;
      await this.#publishFirst(others, queue);
    }
  }

  #publish(copy: OutgoingMessage, queue: string = this.#parts.queue): Promise<void> {
    // Not sent again over a lost connection: the original comes again, and there would be two.
    const how = { mandatory: true, confirm: true, resend: false, timeout: TIMEOUT } as const;
    return this.#parts.channel.defaultExchange.publish(copy, queue, {
      ...how,
      unroutable: 'reject',
    });
  }

  /** Gives whether it is done. Errors: `INVALID_MESSAGE` where no copy of it can be published. */
  async #move(message: IncomingMessage, publish: () => Promise<void>): Promise<boolean> {
    if (isGone(message)) return false;
    try {
      await publish();
    } catch (error) {
      if (error instanceof InvalidMessageError) throw error;
      await this.#putBack(message, error);
      return false;
    }
    if (!message.settled) message.ack();
    return true;
  }

  async #putBack(message: IncomingMessage, error: unknown): Promise<void> {
    if (isGone(message)) return; // it is on its way to another delivery anyway
    const { channel, queue } = this.#parts;
    const reason = LeveretError.from(error, 'UNCONFIRMED');
    channel.report({
      type: 'task-move-failed',
      queue,
      messageId: message.messageId,
      error: reason,
    });
    await this.#pause(message.signal);
    if (!message.settled) message.nack({ requeue: true });
  }

  /** So that a task that can go nowhere does not run in circles as fast as it can. */
  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#parts.clock.after(PAUSE, end);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }
}

/** Whether somebody else gets the task, or got it: nothing that is done to it here matters. */
export function isGone(message: IncomingMessage): boolean {
  return message.settled || message.signal.aborted;
}

/** The message to be published again, with the headers that it was given and ours as they are now. */
function copyOf(message: ReceivedMessage, ours: HeaderTable): OutgoingMessage {
  const { headers } = message;
  return {
    ...headless(message),
    headers: { ...givenHeaders(headers), ...lasting(headers), ...ours },
  };
}

/** For a message whose headers cannot be published again, such as a number that is none. */
function bareCopyOf(message: ReceivedMessage, ours: HeaderTable): OutgoingMessage {
  const names = Object.keys(givenHeaders(message.headers)).join(' ').slice(0, 200);
  return { ...headless(message), headers: { ...ours, [OUR_HEADERS.lostHeaders]: names } };
}

function headless(message: ReceivedMessage): OutgoingMessage {
  return {
    ...message.properties,
    body: message.body,
    deliveryMode: message.deliveryMode ?? 2,
    // It would run while the copy waits.
    expiration: undefined,
    // A worker may not speak in the name of whoever published the task.
    userId: undefined,
  };
}

function expirationHeader(message: ReceivedMessage): HeaderTable {
  const expiration = expirationOf(message);
  return expiration === undefined ? {} : { [OUR_HEADERS.expiration]: expiration };
}

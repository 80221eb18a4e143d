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
import { ignore } from './errors.ts';
import {
  brokerCount,
  expirationOf,
  givenHeaders,
  lasting,
  OUR_HEADERS,
  pastTries,
} from './headers.ts';

/** How long a task that could not be moved is held before it goes back to its queue, in milliseconds. */
const PAUSE = 1_000;
/** How long a task is held between tries to put it aside, in milliseconds. */
const PAUSES: readonly number[] = [100, 1_000, 2_000, 4_000, 8_000, 16_000];
/** How long the broker may take to confirm the copy of a task, in milliseconds. */
const TIMEOUT = 30_000;

/**
 * What became of a task: `moved`; `gone`, as it is settled or delivered again anyway; or `refused` by the broker, and
 * still in hand.
 */
export type Moved = 'moved' | 'gone' | 'refused';

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

  /**
   * To the end of its own queue, with the count of how often it came back unsettled. Gives `refused` where the broker does
   * not take it, and it is still in hand. Errors: `INVALID_MESSAGE`.
   */
  async again(message: IncomingMessage, redeliveries: number): Promise<Moved> {
    const { expiration } = message;
    const ours = { [OUR_HEADERS.redeliveries]: redeliveries };
    return this.#move(message, () => this.#publish({ ...copyOf(message, ours), expiration }));
  }

  /**
   * To its own queue after a delay in milliseconds; `counts` says whether this try was a failed one. Errors:
   * `INVALID_MESSAGE`.
   */
  async later(message: IncomingMessage, { delay, counts }: Postponement): Promise<Moved> {
    const { queue, delays, clock } = this.#parts;
    const now = clock.date();
    const due = new Date(now.getTime() + delay);
    const copy = copyOf(message, {
      ...failureHeaders(message, counts, now),
      ...expirationHeader(message),
    });
    const once = { again: false, timeout: TIMEOUT };
    const moved = await this.#move(message, () => delays.publish(copy, queue, due, once));
    return moved === 'refused' ? this.#putBack(message) : moved;
  }

  /**
   * To another queue, for as long as it takes: of these headers the first that fit are taken. What the broker refuses is
   * held and tried again for a while, with `mend` before, since no handler should have the task again for that.
   */
  async aside(
    message: IncomingMessage,
    queue: string,
    ours: readonly HeaderTable[],
    mend: () => Promise<unknown>,
  ): Promise<Moved> {
    const kept = expirationHeader(message);
    const copies = ours.map((headers) => () => copyOf(message, { ...headers, ...kept }));
    const bare = (): OutgoingMessage => bareCopyOf(message, { ...ours.at(-1), ...kept });
    const publish = (): Promise<void> => this.#publishFirst([...copies, bare], queue);
    for (const pause of PAUSES) {
      const moved = await this.#move(message, publish).catch((error: unknown) =>
        this.#refused(message, error),
      );
      if (moved !== 'refused') return moved;
      await this.#pause(message.signal, pause);
      await mend().catch(ignore); // the next try says how it is
    }
    return this.#putBack(message);
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

  /** Errors: `INVALID_MESSAGE` where no copy of it can be published. */
  async #move(message: IncomingMessage, publish: () => Promise<void>): Promise<Moved> {
    if (isGone(message)) return 'gone';
    try {
      await publish();
    } catch (error) {
      if (error instanceof InvalidMessageError) throw error;
      if (isGone(message)) return 'gone'; // it is on its way to another delivery anyway
      return this.#refused(message, error);
    }
    if (!message.settled) message.ack();
    return 'moved';
  }

  /** Tells that a task is still where it was. */
  #refused({ messageId }: IncomingMessage, error: unknown): 'refused' {
    this.#parts.channel.report({
      type: 'task-move-failed',
      queue: this.#parts.queue,
      messageId,
      error: LeveretError.from(error, 'UNCONFIRMED'),
    });
    return 'refused';
  }

  /** By `nack`, after a pause: a task that can go nowhere should not run in circles as fast as it can. */
  async #putBack(message: IncomingMessage): Promise<Moved> {
    await this.#pause(message.signal, PAUSE);
    if (!message.settled) message.nack({ requeue: true });
    return 'gone';
  }

  #pause(signal: AbortSignal, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#parts.clock.after(ms, end);
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

/**
 * For a message whose headers or properties cannot be published again: a number that is none, or a text that was no UTF-8
 * and has become too long.
 */
function bareCopyOf(message: ReceivedMessage, ours: HeaderTable): OutgoingMessage {
  const names = Object.keys(givenHeaders(message.headers)).join(' ').slice(0, 200);
  return {
    body: message.body,
    contentType: short(message.contentType),
    contentEncoding: short(message.contentEncoding),
    messageId: short(message.messageId),
    correlationId: short(message.correlationId),
    type: short(message.type),
    appId: short(message.appId),
    timestamp: message.timestamp,
    priority: message.priority,
    headers: { ...ours, [OUR_HEADERS.lostHeaders]: names.toWellFormed() },
  };
}

/** A text that a property may hold: AMQP counts its bytes in one (short strings, AMQP 0-9-1, 4.2.5.3). */
function short(value: string | undefined): string | undefined {
  return value !== undefined && Buffer.byteLength(value) <= 255 ? value : undefined;
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

/** What a copy says of the tries so far. */
function failureHeaders(message: IncomingMessage, counts: boolean, now: Date): HeaderTable {
  const { failures, redeliveries, firstFailure } = pastTries(message);
  const first = firstFailure ?? (counts ? now.toISOString() : undefined);
  return {
    [OUR_HEADERS.attempts]: failures + (counts ? 1 : 0),
    [OUR_HEADERS.redeliveries]: redeliveries + brokerCount(message),
    ...(first === undefined ? {} : { [OUR_HEADERS.firstFailure]: first }),
  };
}

function expirationHeader(message: ReceivedMessage): HeaderTable {
  const expiration = expirationOf(message);
  return expiration === undefined ? {} : { [OUR_HEADERS.expiration]: expiration };
}

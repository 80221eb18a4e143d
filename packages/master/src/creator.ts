import {
  type Channel,
  type Clock,
  type CodecSet,
  type Encoded,
  type HeaderTable,
  InvalidMessageError,
  type OutgoingMessage,
} from '@leveret/core';
import type { Delays } from './delay/delays.ts';
import { checkDelay } from './delay/stages.ts';
import { OUR_HEADERS, visibleHeaders } from './headers.ts';
import {
  compose,
  type PublishContext,
  type PublishMiddleware,
  type Rest,
} from './middleware/middleware.ts';
import { checkOptions, checkTaskName } from './options.ts';
import { isObject } from './payload.ts';
import type { TaskOptions } from './types.ts';

/** Of a task that is created without options, as most are: nothing has to be merged. */
const NONE: TaskOptions = {};

/** What creating tasks takes. */
export interface TaskCreatorParts {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly codecs: CodecSet;
  readonly delays: Delays;
  readonly middleware: readonly PublishMiddleware[];
}

/** Creates tasks: checks, encodes, and publishes them to where they wait for a worker or for their time. */
export class TaskCreator {
  readonly #parts: TaskCreatorParts;
  readonly #way: Rest<PublishContext> | undefined;

  constructor(parts: TaskCreatorParts) {
    this.#parts = parts;
    if (parts.middleware.length > 0)
      this.#way = compose(parts.middleware, ({ name, payload, options }) => {
        check(name, options); // they may be others now
        return this.#put(name, payload, options);
      });
  }

  /** Creates one. Errors: see {@link Master.createTask}. */
  create(name: string, payload: unknown = {}, options: TaskOptions = NONE): Promise<void> {
    try {
      check(name, options);
      if (this.#way) return this.#through(this.#way, { name, payload, options });
      return this.#put(name, payload, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #through(way: Rest<PublishContext>, context: PublishContext): Promise<void> {
    await way(context);
  }

  #put(name: string, payload: unknown, options: TaskOptions): Promise<void> {
    if (!isObject(payload)) throw new InvalidMessageError('payload', payload, 'must be an object');
    const encoded = this.#parts.codecs.encode(payload);
    if (encoded instanceof Promise)
      return encoded.then((each) => this.#publish(name, each, options));
    return this.#publish(name, encoded, options);
  }

  #publish(name: string, encoded: Encoded, options: TaskOptions): Promise<void> {
    if (options === NONE)
      return this.#parts.channel.defaultExchange.publish(
        {
          body: encoded.body,
          contentType: encoded.contentType,
          contentEncoding: encoded.contentEncoding,
          deliveryMode: 2,
        },
        name,
      );
    const { timeout, delay, at, ...properties } = options;
    const { headers } = properties;
    const message = {
      deliveryMode: 2 as const,
      ...properties,
      ...encoded,
      // Those of ours may come along with headers that are handed on, and speak of another task.
      ...(isTable(headers) ? { headers: visibleHeaders(headers) } : {}),
    };
    const due = this.#dueOf(delay, at);
    if (due)
      return this.#parts.delays.publish(withExpiration(message, due), name, due, { timeout });
    return this.#parts.channel.defaultExchange.publish(
      message,
      name,
      timeout === undefined ? {} : { timeout },
    );
  }

  /** When a task is due that is not due now. */
  #dueOf(delay: number | undefined, at: Date | undefined): Date | undefined {
    if (delay === undefined && at === undefined) return undefined;
    const now = this.#parts.clock.date().getTime();
    if (at === undefined) return later(now, checkDelay('delay', delay ?? 0));
    if (delay !== undefined)
      throw new InvalidMessageError('delay', delay, 'must not be given together with at');
    if (!(at instanceof Date) || Number.isNaN(at.getTime()))
      throw new InvalidMessageError('at', at, 'must be a valid Date');
    return later(now, checkDelay('at - now', Math.max(0, at.getTime() - now)));
  }
}

function check(name: string, options: TaskOptions): void {
  checkTaskName(name);
  checkOptions(options);
}

/** What is no table is refused with all else that is wrong with a message. */
function isTable(headers: HeaderTable | undefined): headers is HeaderTable {
  return typeof headers === 'object' && headers !== null;
}

function later(now: number, delay: number): Date | undefined {
  return delay === 0 ? undefined : new Date(now + delay);
}

/**
 * The broker would let it run while the task is delayed, and deliver the task early. So it travels as a header that
 * workers look at.
 */
function withExpiration({ expiration, ...message }: OutgoingMessage, due: Date): OutgoingMessage {
  if (expiration === undefined) return message;
  const ms =
    expiration instanceof Date ? Math.max(0, expiration.getTime() - due.getTime()) : expiration;
  if (!Number.isInteger(ms) || ms < 0 || ms > 2 ** 32 - 1)
    throw new InvalidMessageError(
      'expiration',
      expiration,
      'must be whole milliseconds up to 2^32 - 1',
    );
  const headers: HeaderTable = { ...message.headers, [OUR_HEADERS.expiration]: ms };
  return { ...message, headers };
}

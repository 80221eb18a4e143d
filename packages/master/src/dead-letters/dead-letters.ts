import {
  type Channel,
  type Clock,
  type CodecSet,
  type IncomingMessage,
  LeveretError,
  type Queue,
} from '@leveret/core';
import { hasCode } from '../errors.ts';
import { checkFunction, checkOptions, whole } from '../options.ts';
import { DeadLetter, deadQueueOf } from './letter.ts';

/** How many dead letters are asked for at once. */
const WINDOW = 50;

/** How long letters that go back are waited for is twice that, at most, in milliseconds. */
const RETURN = 500;

/** Which dead letters: all that there are now, that of one message, or those that a function says yes to. */
export type DeadLetterSelection =
  | 'all'
  | { readonly messageId: string }
  | { readonly where: (letter: DeadLetter) => boolean | Promise<boolean> };

/** How many dead letters are looked at. */
export interface ListOptions {
  /** Most letters. Default: all that are there when it begins. */
  readonly limit?: number;
}

/** What became of dead letters that were to be requeued. */
export interface RequeueOutcome {
  /** Tasks that are in their queue again. */
  readonly requeued: number;
  /** Dead letters that could not be, and are still there. */
  readonly failed: readonly { readonly letter: DeadLetter; readonly error: LeveretError }[];
}

/**
 * The dead letters of a task, in its queue `<task>.dead`. Made by `master.deadLetters`. Everything here may run while
 * workers do: letters are only taken from the broker once what becomes of them is confirmed, so a process that is
 * killed in the middle loses none, and leaves one at most twice.
 *
 * What is being looked at is held, and nobody else sees it meanwhile; it goes back afterwards, in a classic queue to its
 * very place.
 *
 * @example
 * ```ts
 * const dead = master.deadLetters('resize')
 * for await (const letter of dead.list()) console.log(letter.messageId, letter.error?.message)
 * await dead.requeue({ where: ({ error }) => error?.type === 'DatabaseDown' })
 * ```
 */
export class DeadLetters {
  /** Name of the task. */
  readonly task: string;
  readonly #channel: Channel;
  readonly #codecs: CodecSet;
  readonly #clock: Clock;

  /** @internal */
  constructor(task: string, channel: Channel, codecs: CodecSet, clock: Clock) {
    this.task = task;
    this.#channel = channel;
    this.#clock = clock;
    this.#codecs = codecs;
  }

  /** Name of the queue that they are in. */
  get queue(): string {
    return deadQueueOf(this.task);
  }

  /** How many there are, those not counted that somebody looks at. Errors: `TIMEOUT`, `CLOSED`. */
  async count(): Promise<number> {
    return (await this.#open())?.messageCount ?? 0;
  }

  /** The first ones, without holding them any longer. Errors: `TIMEOUT`, `CLOSED`, `INVALID_ARGUMENT`. */
  async peek(count = 1): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for await (const letter of this.list({ limit: whole('count', count, 1) })) letters.push(letter);
    return letters;
  }

  /**
   * Those that are there when it begins, the oldest first. They are held until the loop is over, and all of them go
   * back. Errors: `TIMEOUT`, `CLOSED`, `INVALID_ARGUMENT`.
   */
  async *list(options: ListOptions = {}): AsyncGenerator<DeadLetter, void, undefined> {
    checkOptions(options);
    const { limit } = options;
    const held: IncomingMessage[] = [];
    try {
      for await (const message of this.#take(
        limit === undefined ? undefined : whole('limit', limit, 0),
      )) {
        held.push(message);
        yield new DeadLetter(this.task, message, this.#codecs);
      }
    } finally {
      await this.#putBack(held);
    }
  }

  /**
   * Creates those tasks anew, as they were created first: with their body, headers and properties, and all their attempts
   * before them. Those that are there when it begins are looked at. One that cannot be requeued stays (`UNROUTABLE`:
   * the queue of the task is not there). Errors: `TIMEOUT`, `CLOSED`, `INVALID_ARGUMENT`, and what `where` throws.
   */
  async requeue(selection: DeadLetterSelection): Promise<RequeueOutcome> {
    const failed: { letter: DeadLetter; error: LeveretError }[] = [];
    let requeued = 0;
    await this.#each(selection, async (letter, message) => {
      try {
        await this.#create(letter);
      } catch (error) {
        failed.push({ letter, error: LeveretError.from(error, 'UNCONFIRMED') });
        return 'hold';
      }
      requeued += 1;
      settle(message);
      return 'done';
    });
    return { requeued, failed };
  }

  /** Deletes those that are there when it begins; gives how many. Errors: as for {@link requeue}. */
  async purge(selection: DeadLetterSelection): Promise<number> {
    let purged = 0;
    await this.#each(selection, async (_letter, message) => {
      purged += 1;
      settle(message);
      return 'done';
    });
    return purged;
  }

  async #each(
    selection: DeadLetterSelection,
    use: (letter: DeadLetter, message: IncomingMessage) => Promise<'done' | 'hold'>,
  ): Promise<void> {
    const matches = matcher(selection);
    const held = new Set<IncomingMessage>();
    let under: Promise<void>[] = [];
    try {
      for await (const message of this.#take()) {
        const letter = new DeadLetter(this.task, message, this.#codecs);
        held.add(message);
        if (!(await matches(letter))) continue;
        under.push(
          use(letter, message).then((what) => {
            if (what === 'done') held.delete(message);
          }),
        );
        if (under.length < WINDOW) continue;
        await Promise.all(under);
        under = [];
      }
    } finally {
      await Promise.all(under);
      await this.#putBack([...held]);
    }
  }

  /**
   * A quorum queue has what comes back only a moment later, and who lists the letters may well requeue them next. So
   * that is waited for, though not for long: somebody else may take them.
   */
  async #putBack(messages: readonly IncomingMessage[]): Promise<void> {
    for (const message of messages) putBack(message);
    for (let wait = 5; wait < RETURN && (await this.count()) < messages.length; wait *= 2)
      await new Promise<void>((resolve) => void this.#clock.after(wait, resolve));
  }

  /** Takes messages one by one from those that are there now, asking for several at once. */
  async *#take(limit = Number.POSITIVE_INFINITY): AsyncGenerator<IncomingMessage, void, undefined> {
    const queue = await this.#open();
    if (!queue) return;
    for (let left = Math.min(limit, queue.messageCount); left > 0; left -= WINDOW) {
      const asked = Array.from({ length: Math.min(left, WINDOW) }, () => queue.get());
      const answers = await Promise.allSettled(asked);
      const messages = answers.flatMap((answer) =>
        answer.status === 'fulfilled' && answer.value ? [answer.value] : [],
      );
      try {
        for (let next = messages.shift(); next; next = messages.shift()) yield next;
      } finally {
        for (const message of messages) putBack(message); // nobody came for these
      }
      const refused = answers.find((answer) => answer.status === 'rejected');
      if (refused) throw refused.reason;
      if (answers.some((answer) => answer.status === 'fulfilled' && !answer.value)) return;
    }
  }

  /** The queue, if there is one: without any dead letter so far there may be none. */
  async #open(): Promise<Queue | undefined> {
    try {
      return await this.#channel.getQueue(this.queue);
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  #create(letter: DeadLetter): Promise<void> {
    const { message, properties, task } = letter;
    const created = { ...properties, userId: undefined, body: message.body };
    return this.#channel.defaultExchange.publish(created, task, {
      mandatory: true,
      unroutable: 'reject',
      confirm: true,
    });
  }
}

function matcher(
  selection: DeadLetterSelection,
): (letter: DeadLetter) => boolean | Promise<boolean> {
  if (selection === 'all') return () => true;
  checkOptions(selection, 'selection');
  if ('where' in selection) {
    checkFunction('where', selection.where);
    return selection.where;
  }
  const { messageId } = selection;
  if (typeof messageId !== 'string' || messageId === '')
    throw new LeveretError(
      'INVALID_ARGUMENT',
      'selection must be "all", or have a messageId or a where',
    );
  return (letter) => letter.messageId === messageId;
}

function putBack(message: IncomingMessage): void {
  if (!message.settled) message.nack({ requeue: true });
}

function settle(message: IncomingMessage): void {
  if (!message.settled) message.ack();
}

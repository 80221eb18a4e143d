import { randomUUID } from 'node:crypto';
import {
  type Channel,
  type Clock,
  LeveretError,
  type OutgoingMessage,
  type PublishOptions,
  type Queue,
  TimeoutError,
  type Timer,
} from '@leveret/core';
import { hasCode, ignore } from '../errors.ts';
import { OUR_HEADERS } from '../headers.ts';
import { routeOf } from './stages.ts';
import { DELIVERY, DelayTopology, UNROUTED } from './topology.ts';

/** How long a publish is tried again over lost connections where nothing else is said, in milliseconds. */
const AT_MOST = 30_000;
/** How many of the tasks without a queue are asked for at once. */
const SWEEP = 50;
/** After a queue was bound, what was on its way past it has arrived by then, in milliseconds. */
const LATECOMERS = 2_000;
/** How often it is asked whether the queue of a task is there by now, in milliseconds. */
const RECHECK_MISSING = 1_000;
/** How often it is bound anew: others may have deleted it and made it again. */
const RECHECK_BOUND = 10_000;
/** Most tasks whose queues are remembered. */
const MOST_DESTINATIONS = 1_000;

/** How a task is sent to where it waits. */
export interface DelayOptions {
  /** Milliseconds until it must be confirmed. Default: as the channel says. */
  readonly timeout?: number | undefined;
  /** Publish it again where the connection was lost before it was confirmed. Default true. */
  readonly again?: boolean;
}

/** Tasks that wait in the broker: sends them there, and sees to it that they find their queues. */
export class Delays {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #topology: DelayTopology;
  /** Queues of tasks that were made through this channel, by name. */
  readonly #attached = new Map<string, Queue>();
  /** Until when it need not be asked again whether the queues of tasks that are created here are bound. */
  readonly #destinations = new Map<string, number>();
  /** One look at the tasks without a queue after another. */
  #sweeps: Promise<void> = Promise.resolve();
  #latecomers: Timer | undefined;
  /** Whether there is anything to bind to: what is asked at present has its answer. */
  #answer: Promise<void> = Promise.resolve();
  /** What is asked next. */
  #question: Promise<unknown> | undefined;

  constructor(channel: Channel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
    this.#topology = new DelayTopology(channel);
    this.#watch();
  }

  /**
   * Publishes a message so that it is in the queue of its task at `due`, and never before. Always confirmed. A
   * connection that is lost meanwhile does not make it late: what is left to wait is reckoned anew.
   */
  async publish(
    message: OutgoingMessage,
    task: string,
    due: Date,
    { timeout, again = true }: DelayOptions,
  ): Promise<void> {
    const until = this.#clock.now() + (timeout ?? AT_MOST);
    const own = { ...message, messageId: message.messageId ?? randomUUID() };
    for (;;) {
      await this.#open(until);
      try {
        return await this.#send(own, task, due, timeout && Math.max(0, until - this.#clock.now()));
      } catch (error) {
        if (!again || !isLost(error) || this.#clock.now() >= until) throw error;
      }
    }
  }

  /**
   * A queue of a task is there: what is delayed finds it from now on. Where nobody in this virtual host delays
   * anything, nothing is declared for it.
   */
  async attach(queue: Queue): Promise<void> {
    this.#attached.set(queue.name, queue);
    await this.#bind(queue);
  }

  async #send(
    message: OutgoingMessage,
    task: string,
    due: Date,
    timeout: number | undefined,
  ): Promise<void> {
    const route = routeOf(due.getTime() - this.#clock.date().getTime());
    const headers = { ...message.headers, ...route?.headers, [OUR_HEADERS.due]: due.getTime() };
    const how: PublishOptions = {
      mandatory: true,
      unroutable: 'reject',
      confirm: true,
      resend: false,
      ...(timeout === undefined ? {} : { timeout }),
    };
    if (!route) return this.#channel.defaultExchange.publish({ ...message, headers }, task, how);
    const exchange = await this.#topology.stage(route.first);
    await this.#findQueue(task);
    try {
      await exchange.publish({ ...message, headers }, task, how);
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#topology.forget();
      throw new LeveretError('UNCONFIRMED', 'what delays need was deleted', { cause: error });
    }
  }

  /** Resolves while the channel is open or over. */
  async #open(until: number): Promise<void> {
    if (this.#channel.status.state !== 'recovering') return;
    const timeout = Math.max(0, until - this.#clock.now());
    await new Promise<void>((resolve, reject) => {
      const timer = this.#clock.after(timeout, () => {
        stop();
        reject(new TimeoutError('publish', timeout));
      });
      const stop = this.#channel.on('status', ({ state }) => {
        if (state === 'recovering') return;
        timer.cancel();
        stop();
        resolve();
      });
    });
  }

  /** The queue of a task that others work off, who may not know that it is delayed. */
  async #findQueue(task: string): Promise<void> {
    const now = this.#clock.now();
    if ((this.#destinations.get(task) ?? 0) > now) return;
    if (this.#destinations.size >= MOST_DESTINATIONS) this.#destinations.clear();
    this.#destinations.set(task, now + RECHECK_MISSING);
    try {
      await this.#bind(await this.#channel.getQueue(task));
      this.#destinations.set(task, now + RECHECK_BOUND);
    } catch (error) {
      // Without a queue it waits with those that have none, for whoever makes the queue; so it does where the queue is
      // that of another connection alone, which binds it.
      if (!hasCode(error, 'NOT_FOUND') && !hasCode(error, 'RESOURCE_LOCKED')) throw error;
    }
  }

  /**
   * Not put back by the channel's own recovery, which would fail over a queue of others that is gone. Who asks
   * first whether there is anything to bind to needs no permissions for what others declared.
   */
  async #bind(queue: Queue): Promise<void> {
    try {
      await this.#ask();
      await queue.bind(DELIVERY, queue.name, { recover: false });
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND') || hasCode(error, 'ACCESS_REFUSED')) return;
      throw error;
    }
    this.#sweepSoon();
    // Some may be on their way to that queue while it is looked at.
    this.#latecomers ??= this.#clock.after(LATECOMERS, () => {
      this.#latecomers = undefined;
      this.#sweepSoon();
    });
  }

  /**
   * Asks whether there is anything to bind to. What is being asked already may be answered as of before: the next question is
   * for all who come until then.
   */
  #ask(): Promise<unknown> {
    this.#question ??= this.#answer.then(() => {
      this.#question = undefined;
      const asked = this.#channel.getExchange(DELIVERY);
      this.#answer = asked.then(ignore, ignore);
      return asked;
    });
    return this.#question;
  }

  /** Not waited for, since there may be many; if it fails, the next queue that is made sees to it. */
  #sweepSoon(): void {
    this.#sweeps = this.#sweeps.then(() => this.#sweep()).catch(ignore);
  }

  /** What came due without a queue is delivered once more, by being rejected; what finds none comes back. */
  async #sweep(): Promise<void> {
    const queue = await this.#channel.getQueue(UNROUTED);
    for (let left = queue.messageCount; left > 0; left -= SWEEP) {
      const asked = Array.from({ length: Math.min(left, SWEEP) }, () => queue.get());
      const messages = await Promise.all(asked);
      for (const message of messages) message?.reject({ requeue: false });
      if (messages.includes(undefined)) return;
    }
  }

  /** After a recovery queues may be new, and tasks may have come due without them. */
  #watch(): void {
    let wasAway = false;
    this.#channel.on('status', ({ state }) => {
      if (state === 'closed') this.#latecomers?.cancel();
      if (state === 'open' && wasAway) this.#reattach().catch(ignore);
      wasAway = state === 'recovering';
    });
  }

  async #reattach(): Promise<void> {
    this.#destinations.clear();
    for (const queue of this.#attached.values()) await this.#bind(queue);
  }
}

/** Whether nobody can know whether the message was taken, or it was not. */
function isLost(error: unknown): boolean {
  return hasCode(error, 'CONNECTION_LOST') || hasCode(error, 'UNCONFIRMED');
}

function isMissing(error: unknown): boolean {
  return hasCode(error, 'EXCHANGE_NOT_FOUND') || hasCode(error, 'UNROUTABLE');
}

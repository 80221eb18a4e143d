import type { DriverChannel } from '../driver/driver.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import { Chain, type Link } from '../internal/chain.ts';
import type { Clock } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { deferred, ignore } from '../internal/deferred.ts';
import { Fifo } from '../internal/fifo.ts';
import { isThenable } from '../internal/thenable.ts';
import { IncomingMessage } from '../message/incoming.ts';
import type { HeaderTable, WireDelivery } from '../message/message.ts';
import type { QueueRef } from '../topology/specs.ts';
import type { Deliveries } from './deliveries.ts';

/** Works one message off. What it throws puts an unsettled message back to the queue. */
export type MessageHandler = (message: IncomingMessage) => unknown;

/** What a consumer was asked for, filled in and checked. */
export interface SubscriptionConfig {
  readonly queue: QueueRef;
  /** The tag that it is to have; `''` lets the driver choose one. */
  readonly consumerTag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly arguments: HeaderTable | undefined;
  /** Most unsettled deliveries; 0 is no bound. */
  readonly prefetch: number;
  /** Most handlers that run at once, to begin with. */
  readonly concurrency: number;
  readonly drainTimeout: number;
}

/** What a consumer tells its channel. */
export interface SubscriptionEvents {
  handlerFailed(queue: string, error: LeveretError): void;
  /** It was asked to stop `duration` milliseconds ago and is done; so many handlers did not end in time. */
  drained(queue: string, duration: number, aborted: number): void;
}

type State =
  | { readonly kind: 'idle' }
  /** Asked for; `settled` resolves once the answer is there and acted upon. If it fails, it is as `before`. */
  | { readonly kind: 'starting'; readonly before: Startable; readonly settled: Promise<void> }
  | { readonly kind: 'consuming'; readonly tag: string; readonly channel: DriverChannel }
  /** `cancelled` resolves once nothing can come any more, or the broker was waited for. */
  | { readonly kind: 'pausing'; readonly cancelled: Promise<void> }
  | { readonly kind: 'paused' }
  | { readonly kind: 'draining' }
  | { readonly kind: 'ended'; readonly cause: LeveretError | undefined };

/** From where it can be started: by a recovery, or by whoever resumes it. */
type Startable = 'idle' | 'paused';

/** What a consumer is doing. */
export interface ConsumerStatus {
  /** `recovering` is one that waits for its channel. */
  readonly state: 'consuming' | 'paused' | 'recovering' | 'closing' | 'closed';
  /** Handlers that run. */
  readonly inHand: number;
  /** Messages that were delivered and wait for a handler. */
  readonly waiting: number;
  /** Most handlers that run at once. */
  readonly concurrency: number;
}

const STATES: Readonly<Record<State['kind'], ConsumerStatus['state']>> = {
  idle: 'recovering',
  starting: 'recovering',
  consuming: 'consuming',
  pausing: 'paused',
  paused: 'paused',
  draining: 'closing',
  ended: 'closed',
};

/**
 * A consumer of one queue, over all the channels that it lives on one after another. Handlers in hand
 * outlive the channel that brought them; deliveries that no handler took do not.
 */
export class Subscription {
  readonly config: SubscriptionConfig;
  readonly #handler: MessageHandler;
  readonly #events: SubscriptionEvents;
  readonly #clock: Clock;
  readonly #ended = deferred<LeveretError | undefined>();
  readonly #inHand = new Chain<IncomingMessage>();
  #buffered = new Fifo<IncomingMessage>();
  #state: State = { kind: 'idle' };
  #concurrency: number;
  #idle: (() => void) | undefined;

  constructor(
    config: SubscriptionConfig,
    handler: MessageHandler,
    events: SubscriptionEvents,
    clock: Clock,
  ) {
    this.config = config;
    this.#concurrency = config.concurrency;
    this.#handler = handler;
    this.#events = events;
    this.#clock = clock;
  }

  /** Resolves when it is over: with the cause where nobody asked for it. */
  get ended(): Promise<LeveretError | undefined> {
    return this.#ended.promise;
  }

  /** Why it is over, where nobody asked for it. */
  get failure(): LeveretError | undefined {
    return this.#state.kind === 'ended' ? this.#state.cause : undefined;
  }

  /** Its tag on the present channel, if it consumes. */
  get tag(): string | undefined {
    return this.#state.kind === 'consuming' ? this.#state.tag : undefined;
  }

  /** What it is doing at present. */
  get status(): ConsumerStatus {
    return {
      state: STATES[this.#state.kind],
      inHand: this.#inHand.size,
      waiting: this.#buffered.size,
      concurrency: this.#concurrency,
    };
  }

  /** Most handlers that run at once; holds from now on. */
  set concurrency(most: number) {
    this.#concurrency = most;
    this.#runWaiting();
  }

  /**
   * Starts on a channel, whose consumers share a prefetch if `globalPrefetch` is given; does nothing where it
   * has started, is paused or is over.
   */
  start(channel: DriverChannel, deliveries: Deliveries, globalPrefetch?: number): Promise<void> {
    return this.#start('idle', channel, deliveries, globalPrefetch);
  }

  /** The same for one that is paused, and for no other. Where it fails, it stays paused. */
  resume(channel: DriverChannel, deliveries: Deliveries, globalPrefetch?: number): Promise<void> {
    return this.#start('paused', channel, deliveries, globalPrefetch);
  }

  async #start(
    before: Startable,
    channel: DriverChannel,
    deliveries: Deliveries,
    globalPrefetch: number | undefined,
  ): Promise<void> {
    if (this.#state.kind !== before) return;
    const settled = deferred();
    const starting: State = { kind: 'starting', before, settled: settled.promise };
    this.#state = starting;
    try {
      const tag = await this.#ask(channel, deliveries, globalPrefetch);
      if (this.#state === starting) {
        this.#state = { kind: 'consuming', tag, channel };
        this.#clock.endOfTurn(() => this.#runWaiting()); // whoever started it is told first
      } else await channel.cancel(tag); // paused, drained or lost meanwhile
    } finally {
      if (this.#state === starting) this.#state = { kind: before };
      settled.resolve();
    }
  }

  async #ask(
    channel: DriverChannel,
    deliveries: Deliveries,
    globalPrefetch: number | undefined,
  ): Promise<string> {
    const { queue, consumerTag, noAck, exclusive, prefetch, arguments: table } = this.config;
    // Asked for together: the prefetch holds for the consumers started after it.
    const qos: Promise<void>[] = [];
    const shared = globalPrefetch ?? 0;
    const own = shared > 0 && (prefetch === 0 || prefetch >= shared) ? 0 : prefetch;
    if (own !== deliveries.prefetch) {
      deliveries.prefetch = own;
      qos.push(channel.setQos(own, false));
      // RabbitMQ lifts the bound of the whole channel when it is told one for consumers.
      if (shared > 0) qos.push(channel.setQos(shared, true));
    }
    const consuming = channel.consume({
      queue: queue.name,
      consumerTag,
      noAck,
      exclusive,
      arguments: table,
      deliver: (delivery) => this.#deliver(delivery, deliveries),
    });
    const [tag] = await Promise.all([consuming, ...qos]);
    return tag;
  }

  /** Its channel is gone: what no handler took will be delivered again. */
  lose(cause: LeveretError): void {
    this.#buffered = new Fifo();
    for (const message of this.#inHand.values) IncomingMessage.abort(message, cause);
    if (this.#state.kind === 'consuming') this.#state = { kind: 'idle' };
    if (this.#state.kind === 'starting') this.#state = { kind: this.#state.before };
  }

  /**
   * The broker cancelled it; its deliveries in hand are still good. What no handler took goes back: it would be in the way of what
   * the next consumer brings, which could only go round in circles.
   */
  cancelled(): void {
    // What needs no acknowledgement would be lost, and is in nobody's way.
    if (!this.config.noAck) for (const message of this.#buffered.drain()) giveBack(message);
    if (this.#state.kind === 'consuming') this.#state = { kind: 'idle' };
  }

  /** Nothing will come any more, and nobody asked for it to end. */
  end(cause: LeveretError | undefined): void {
    this.lose(cause ?? new LeveretError('CLOSED', 'the consumer is closed'));
    if (this.#state.kind === 'ended') return;
    this.#state = { kind: 'ended', cause };
    this.#ended.resolve(cause);
  }

  /**
   * Cancels, and gives back what no handler took; handlers in hand go on. Resolves when the broker has been waited for,
   * at most `timeout` milliseconds.
   */
  pause(timeout: number): Promise<void> {
    const state = this.#state;
    if (state.kind === 'pausing') return state.cancelled;
    if (state.kind === 'paused' || state.kind === 'draining' || state.kind === 'ended')
      return Promise.resolve();
    const cancelled = this.#cancel(state, timeout);
    this.#state = { kind: 'pausing', cancelled };
    return cancelled;
  }

  /** Resolves once a pause that is under way has come to its end. */
  get pausing(): Promise<void> | undefined {
    return this.#state.kind === 'pausing' ? this.#state.cancelled : undefined;
  }

  /**
   * Cancels and runs no further handlers. What no handler took goes back once nothing can come any more:
   * given back earlier, it would only be delivered here again. `cancelled` resolves when the broker has been
   * waited for, at most `timeout` milliseconds; `done` when also the handlers in hand have ended, or were
   * aborted and their messages put back.
   */
  stop(timeout: number): { readonly cancelled: Promise<void>; readonly done: Promise<void> } {
    const state = this.#state;
    if (state.kind === 'ended' || state.kind === 'draining') {
      const done = this.#ended.promise.then(ignore);
      return { cancelled: done, done };
    }
    this.#state = { kind: 'draining' };
    const cancelled = this.#cancel(state, timeout);
    const since = this.#clock.now();
    const done = Promise.all([cancelled, this.#handlersDone()]).then(([, aborted]) => {
      this.#events.drained(this.config.queue.name, this.#clock.now() - since, aborted);
      // Where the broker was not waited for to the end, more may have come since.
      for (const message of this.#buffered.drain()) giveBack(message);
      this.end(undefined);
    });
    return { cancelled, done };
  }

  /** Nothing can come any more, or the broker was waited for: what no handler took goes back. */
  #cancel(state: State, timeout: number): Promise<void> {
    return withDeadline(leave(state), 'basic.cancel', timeout, this.#clock)
      .catch(ignore) // a channel that is lost on the way cancels it as well
      .then(() => {
        if (this.#state.kind === 'pausing') this.#state = { kind: 'paused' };
        for (const message of this.#buffered.drain()) giveBack(message);
      });
  }

  /** Waits for the handlers in hand. Gives how many had to be aborted. */
  async #handlersDone(): Promise<number> {
    if (this.#inHand.size === 0) return 0;
    const done = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    await withDeadline(done, 'drain', this.config.drainTimeout, this.#clock).catch(ignore);
    const aborted = new LeveretError('CLOSED', 'the consumer is closed');
    const late = this.#inHand.values;
    for (const message of late) {
      IncomingMessage.abort(message, aborted);
      giveBack(message);
    }
    return late.length;
  }

  #deliver(delivery: WireDelivery, deliveries: Deliveries): void {
    const message = deliveries.receive(delivery, this.config.noAck);
    const { kind } = this.#state;
    // From a broker that cancels late. Nobody would look for it in the buffer.
    if (kind === 'ended' || kind === 'paused') return giveBack(message);
    if (this.#hasRoom && this.#buffered.size === 0) this.#run(message);
    else if (this.#buffered.size < this.#most) this.#buffered.push(message);
    else giveBack(message); // more than the broker was told to send: it must not fill the memory
  }

  /** Most deliveries that wait for a handler; without a prefetch there is no bound. */
  get #most(): number {
    const { noAck, prefetch } = this.config;
    return noAck || prefetch === 0 ? Number.POSITIVE_INFINITY : prefetch;
  }

  /** Whether a further handler may run. */
  get #hasRoom(): boolean {
    if (this.#inHand.size >= this.#concurrency) return false;
    const { kind } = this.#state;
    return kind !== 'starting' && kind !== 'draining' && kind !== 'pausing' && kind !== 'paused';
  }

  #run(message: IncomingMessage): void {
    const place = this.#inHand.add(message);
    try {
      const outcome = this.#handler(message);
      if (isThenable(outcome)) return this.#follow(place, outcome);
    } catch (error) {
      this.#failed(message, error);
    }
    this.#done(place);
  }

  #follow(place: Link<IncomingMessage>, outcome: PromiseLike<unknown>): void {
    const finish = (): void => {
      this.#done(place);
      this.#runWaiting();
    };
    outcome.then(finish, (error) => {
      this.#failed(place.value, error);
      finish();
    });
  }

  #runWaiting(): void {
    while (this.#hasRoom) {
      const next = this.#buffered.shift();
      if (!next) break;
      this.#run(next);
    }
  }

  #done(place: Link<IncomingMessage>): void {
    this.#inHand.remove(place);
    if (this.#inHand.size === 0) this.#idle?.();
  }

  #failed(message: IncomingMessage, error: unknown): void {
    if (!message.settled) message.reject({ requeue: true });
    this.#events.handlerFailed(this.config.queue.name, LeveretError.from(error, 'HANDLER_FAILED'));
  }
}

/** Resolves once the broker delivers nothing more. */
async function leave(state: State): Promise<void> {
  if (state.kind === 'consuming') await state.channel.cancel(state.tag);
  if (state.kind === 'starting') await state.settled;
  if (state.kind === 'pausing') await state.cancelled;
}

/** By `nack`, which does not count towards a delivery limit: nobody has tried the message. */
function giveBack(message: IncomingMessage): void {
  if (!message.settled) message.nack({ requeue: true });
}

import type { ConnectionStatus, LinkMember } from '../connection/supervisor.ts';
import type { LeveretEvent } from '../diagnostics/events.ts';
import type {
  ChannelEnd,
  DriverChannel,
  DriverChannelEvents,
  DriverConnection,
} from '../driver/driver.ts';
import { LeveretError, TimeoutError } from '../errors/leveret-error.ts';
import { type BackoffOptions, backoffDelay } from '../internal/backoff.ts';
import type { Clock, Timer } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { type Deferred, deferred, ignore } from '../internal/deferred.ts';
import { Listeners } from '../internal/emitter.ts';
import { ReturnedMessage } from '../message/received.ts';
import { TopologyLedger } from '../topology/ledger.ts';
import { Deliveries } from './deliveries.ts';
import {
  type SessionEffect,
  type SessionEvent,
  type SessionState,
  sessionStep,
} from './machine.ts';
import type { ChannelConfig } from './options.ts';
import { Publisher } from './publisher.ts';
import { type ClosedByBroker, quarantine } from './quarantine.ts';
import { restore, type Topology } from './restore.ts';
import type { Subscription } from './subscription.ts';

/** What a channel needs of its connection. */
export interface SessionHost {
  readonly clock: Clock;
  readonly operationTimeout: number;
  readonly closeTimeout: number;
  readonly backoff: BackoffOptions;
  status(): ConnectionStatus;
  join(member: LinkMember): void;
  leave(member: LinkMember): void;
  report(event: LeveretEvent): void;
}

/** What a channel has while it is open. */
export interface Live {
  readonly channel: DriverChannel;
  readonly deliveries: Deliveries;
  /** Whether publishes are confirmed on it from the start. */
  readonly confirms: boolean;
}

/** What a channel is doing, for users: `state` tells the records apart. */
export type ChannelStatus =
  | { readonly state: 'open' }
  /** The connection or the channel was lost; what was declared is being put back. */
  | { readonly state: 'recovering'; readonly cause: LeveretError | undefined }
  | { readonly state: 'closed'; readonly cause: LeveretError | undefined };

/**
 * One channel over all the connections that it lives on one after another: performs what its state machine
 * asks for, keeps what has to be put back, and lets requests wait for it.
 */
export class Session implements LinkMember {
  readonly number: number;
  readonly config: ChannelConfig;
  readonly ledger: TopologyLedger = new TopologyLedger();
  readonly publisher: Publisher;
  readonly changes: Listeners<ChannelStatus> = new Listeners();
  /** Told each returned message that no publish waits for. */
  readonly returns: Listeners<ReturnedMessage> = new Listeners();
  /** Prefetch of each consumer that does not say otherwise. */
  prefetch: number;
  /** Prefetch shared by all consumers (`global`), if it was set. */
  globalPrefetch: number | undefined;
  readonly #host: SessionHost;
  readonly #subscriptions = new Set<Subscription>();
  #state: SessionState<Live> = { kind: 'waiting' };
  #link: DriverConnection | undefined;
  #ready: Deferred<void> = deferred({ quiet: true });
  #retry: Timer | undefined;
  #culprit: ClosedByBroker | undefined;
  #cause: LeveretError | undefined;
  #lostAt: number | undefined;
  #resent = 0;
  #closing: Promise<void> | undefined;

  constructor(number: number, host: SessionHost, config: ChannelConfig) {
    this.number = number;
    this.config = config;
    this.prefetch = config.prefetch;
    this.#host = host;
    this.publisher = new Publisher(config, host.clock, () => {
      this.#selectConfirms().catch(ignore); // the publishes that wait for it end by themselves
    });
  }

  get status(): ChannelStatus {
    const state = statusName(this.#state);
    if (state === 'open') return { state };
    if (state === 'recovering') return { state, cause: this.#cause };
    return { state, cause: this.#state.kind === 'closed' ? this.#state.cause : undefined };
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  /** Opens it; resolves once it is open. */
  async open(): Promise<void> {
    this.#host.join(this);
    await this.#live('channel.open', this.#host.operationTimeout);
  }

  /** Tells what happened to whoever listens. */
  report(event: LeveretEvent): void {
    this.#host.report(event);
  }

  /**
   * Makes a request of the broker: waits for the channel to be open, and makes the request again when the
   * connection was lost on the way, until the operation timeout. Errors: `TIMEOUT`, `CLOSED`, and those of
   * the request.
   */
  async operation<T>(name: string, run: (live: Live) => Promise<T>, once = false): Promise<T> {
    const { clock, operationTimeout } = this.#host;
    const deadline = clock.now() + operationTimeout;
    for (;;) {
      const live = await this.#live(name, deadline - clock.now());
      try {
        return await withDeadline(run(live), name, Math.max(0, deadline - clock.now()), clock);
      } catch (error) {
        if (error instanceof TimeoutError) throw this.#unanswered(name, live);
        if (once || !(error instanceof LeveretError) || error.code !== 'CONNECTION_LOST')
          throw error;
      }
    }
  }

  /** Runs `use` on a channel of its own, so that what goes wrong there harms nothing here. */
  async aside<T>(name: string, use: (channel: DriverChannel) => Promise<T>): Promise<T> {
    return this.operation(name, async () => {
      const channel = await this.openAside({
        ended: ignore,
        confirmed: ignore,
        returned: ignore,
        cancelled: ignore,
        writable: ignore,
      });
      try {
        return await use(channel);
      } finally {
        channel.close().catch(ignore);
      }
    });
  }

  /** Opens a channel beside this one, on the same connection. Errors: `CONNECTION_LOST`. */
  openAside(events: DriverChannelEvents): Promise<DriverChannel> {
    const link = this.#link;
    if (!link)
      return Promise.reject(
        new LeveretError('CONNECTION_LOST', 'there is no connection at present'),
      );
    return link.openChannel(events);
  }

  /** Starts a consumer, and again on every recovery. */
  async subscribe(subscription: Subscription): Promise<void> {
    if (this.#closing) throw this.#closedError();
    await this.operation('basic.consume', ({ channel, deliveries }) =>
      subscription.start(channel, deliveries, this.globalPrefetch),
    );
    if (this.#closing || this.#state.kind === 'closed') {
      subscription.end(undefined); // the broker's side of it goes with the channel
      throw this.#closedError();
    }
    this.#subscriptions.add(subscription);
  }

  /** Stops a consumer; resolves once its handlers in hand have ended or were aborted. */
  async unsubscribe(subscription: Subscription): Promise<void> {
    if (!this.#subscriptions.delete(subscription)) return void (await subscription.ended);
    const { tag } = subscription;
    const draining = subscription.drain();
    const state = this.#state;
    if (tag !== undefined && state.kind === 'open') {
      const { clock, closeTimeout } = this.#host;
      // A channel that is lost on the way cancels it as well.
      await withDeadline(
        state.channel.channel.cancel(tag),
        'basic.cancel',
        closeTimeout,
        clock,
      ).catch(ignore);
    }
    await draining;
    const { queue } = subscription.config;
    const last = ![...this.#subscriptions].some((other) => other.config.queue === queue);
    if (last) this.ledger.consumersGone(queue);
  }

  /** Drains and closes; every call resolves together. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  linkUp(link: DriverConnection): void {
    this.#link = link;
    this.#happened({ kind: 'link up' });
  }

  linkDown(cause: LeveretError): void {
    this.#link = undefined;
    this.#cause = cause;
    this.#happened({ kind: 'link down' });
  }

  linkOver(cause: LeveretError | undefined): void {
    this.#link = undefined;
    this.#happened({ kind: 'close', cause });
  }

  linkBlocked(blocked: boolean): void {
    this.publisher.block(blocked);
  }

  #happened(event: SessionEvent<Live>): void {
    const before = this.#state;
    const { state, effects } = sessionStep(before, event);
    this.#state = state;
    for (const effect of effects) this.#perform(effect, before);
    if (statusName(before) !== statusName(state)) this.changes.emit(this.status);
  }

  #perform(effect: SessionEffect, before: SessionState<Live>): void {
    switch (effect) {
      case 'restore':
        this.#restore();
        return;
      case 'pause':
        return this.#pause();
      case 'stop pausing':
        return this.#retry?.cancel();
      case 'ready':
        return this.#goOn();
      case 'detach':
        return this.#detach(before);
      case 'over':
        return this.#over();
    }
  }

  async #restore(): Promise<void> {
    const state = this.#state;
    const link = this.#link;
    const { clock, operationTimeout: timeout } = this.#host;
    let channel: DriverChannel | undefined;
    let deliveries: Deliveries | undefined;
    try {
      if (!link) throw new LeveretError('CONNECTION_LOST', 'there is no connection at present');
      if (this.#culprit) {
        const tools = { open: link.openChannel.bind(link), clock, timeout };
        await quarantine(this.publisher.pending(), this.#culprit, tools);
        this.#culprit = undefined;
      }
      const events = this.#channelEvents(() => channel);
      channel = await withDeadline(link.openChannel(events), 'channel.open', timeout, clock);
      deliveries = new Deliveries(channel, clock, (deliveryTag) =>
        this.report({ type: 'settle-skipped', channel: this.number, deliveryTag }),
      );
      const live = { channel, deliveries, confirms: this.publisher.wantsConfirms };
      const replayed = await restore(live, this.#topology(), timeout, clock);
      if (this.#state !== state) {
        channel.close().catch(ignore); // closed meanwhile, or lost again
        return deliveries.lose();
      }
      this.#happened({ kind: 'restored', channel: live });
      this.#reportRecovery(replayed);
    } catch (error) {
      channel?.close().catch(ignore);
      deliveries?.lose();
      const cause = LeveretError.from(error, 'REFUSED');
      for (const subscription of this.#subscriptions) subscription.lose(cause);
      if (this.#state !== state) return;
      this.#cause = cause;
      this.report({ type: 'recovery-failed', channel: this.number, error: cause });
      this.#happened({ kind: 'restore failed' });
    }
  }

  #topology(): Topology {
    return {
      plan: this.ledger.plan(),
      globalPrefetch: this.globalPrefetch,
      subscriptions: [...this.#subscriptions],
      gone: (subscription, error) => this.#gone(subscription, error),
    };
  }

  #channelEvents(own: () => DriverChannel | undefined): DriverChannelEvents {
    const isLive = (): boolean =>
      this.#state.kind === 'open' && this.#state.channel.channel === own();
    return {
      ended: (end) => this.#ended(end, isLive()),
      confirmed: (tag, multiple, ok) => this.publisher.confirmed(tag, multiple, ok),
      returned: (message) => {
        if (!this.publisher.returned(message)) this.returns.emit(new ReturnedMessage(message));
      },
      writable: () => this.publisher.pump(),
      cancelled: (tag) => {
        if (isLive()) this.#cancelled(tag);
      },
    };
  }

  #ended(end: ChannelEnd, live: boolean): void {
    if (end.kind === 'connection') return; // `linkDown` follows
    const { replyCode, replyText } = end;
    this.report({ type: 'channel-closed', channel: this.number, replyCode, replyText });
    if (!live) return; // the step of the recovery that is under way fails
    if (end.publish) this.#culprit = end;
    this.#cause = new LeveretError(
      'CONNECTION_LOST',
      `the broker closed the channel: ${replyText}`,
    );
    this.#happened({ kind: 'ended' });
  }

  #cancelled(tag: string): void {
    for (const subscription of this.#subscriptions) {
      if (subscription.tag !== tag) continue;
      subscription.cancelled();
      this.#resubscribe(subscription).catch((error: unknown) => {
        this.#gone(subscription, LeveretError.from(error, 'CANCELLED'));
      });
    }
  }

  #gone(subscription: Subscription, cause: LeveretError): void {
    this.#subscriptions.delete(subscription);
    subscription.end(new LeveretError('CANCELLED', 'the broker cancelled the consumer', { cause }));
  }

  /** Goes on where the queue is still there: brokers also cancel when a queue moves or a handler is slow. */
  async #resubscribe(subscription: Subscription): Promise<void> {
    const { queue } = subscription.config;
    this.report({ type: 'consumer-cancelled', channel: this.number, queue: queue.name });
    await this.aside('queue.declare', (channel) => channel.checkQueue(queue.name)).catch(
      (error) => {
        this.ledger.removeQueue(queue);
        throw error;
      },
    );
    await this.operation('basic.consume', async ({ channel, deliveries }) => {
      if (subscription.tag === undefined)
        await subscription.start(channel, deliveries, this.globalPrefetch);
    });
  }

  #pause(): void {
    const { clock, backoff } = this.#host;
    const attempt = 'attempt' in this.#state ? this.#state.attempt : 1;
    this.#retry = clock.after(backoffDelay(attempt, backoff, clock.random()), () =>
      this.#happened({ kind: 'retry due' }),
    );
  }

  #goOn(): void {
    if (this.#state.kind === 'open')
      this.publisher.attach(this.#state.channel.channel, this.#state.channel.confirms);
    this.#ready.resolve();
    this.#ready = deferred({ quiet: true });
  }

  #detach(before: SessionState<Live>): void {
    const cause = this.#cause ?? this.#closedError();
    if (before.kind === 'open') before.channel.deliveries.lose();
    for (const subscription of this.#subscriptions) subscription.lose(cause);
    this.#resent = this.publisher.detach(cause);
    this.#lostAt = this.clock.now();
  }

  #over(): void {
    const error = this.#closedError();
    this.#host.leave(this);
    this.#ready.reject(error);
    this.publisher.close(error);
    const cause = this.#state.kind === 'closed' ? this.#state.cause : undefined;
    for (const subscription of this.#subscriptions) subscription.end(cause);
    this.#subscriptions.clear();
  }

  async #selectConfirms(): Promise<void> {
    await this.operation('confirm.select', async ({ channel }) => {
      if (!this.publisher.hasConfirms) await channel.selectConfirms();
    });
    this.publisher.confirmsSelected();
  }

  #reportRecovery(replayed: number): void {
    if (this.#lostAt === undefined) return;
    const duration = this.clock.now() - this.#lostAt;
    const resent = this.#resent;
    this.#lostAt = undefined;
    this.report({ type: 'recovered', channel: this.number, duration, replayed, resent });
  }

  async #live(name: string, timeout: number): Promise<Live> {
    const { clock } = this.#host;
    const deadline = clock.now() + timeout;
    for (;;) {
      if (this.#state.kind === 'open') return this.#state.channel;
      if (this.#state.kind === 'closed') throw this.#closedError();
      const left = Math.max(0, deadline - clock.now());
      await withDeadline(this.#ready.promise, name, left, clock).catch((error: unknown) => {
        if (!(error instanceof TimeoutError)) throw error;
        throw new TimeoutError(name, timeout, this.#cause ? { cause: this.#cause } : {});
      });
    }
  }

  /** A channel on which a request got no answer takes no further requests: it is replaced. */
  #unanswered(name: string, live: Live): TimeoutError {
    if (this.#state.kind === 'open' && this.#state.channel === live) {
      live.channel.close().catch(ignore);
      this.#cause = new TimeoutError(name, this.#host.operationTimeout);
      this.#happened({ kind: 'ended' });
    }
    return new TimeoutError(name, this.#host.operationTimeout);
  }

  async #close(): Promise<void> {
    const { clock, closeTimeout } = this.#host;
    await Promise.all([...this.#subscriptions].map((each) => this.unsubscribe(each)));
    if (this.#host.status().state !== 'closed')
      await withDeadline(this.publisher.drained(), 'close', closeTimeout, clock).catch(ignore);
    const state = this.#state;
    if (state.kind === 'open') state.channel.deliveries.flush();
    this.#happened({ kind: 'close', cause: undefined });
    if (state.kind === 'open')
      await withDeadline(state.channel.channel.close(), 'channel.close', closeTimeout, clock).catch(
        ignore,
      );
  }

  #closedError(): LeveretError {
    const cause = this.#state.kind === 'closed' ? this.#state.cause : undefined;
    return new LeveretError('CLOSED', 'the channel is closed', cause ? { cause } : {});
  }
}

function statusName(state: SessionState<Live>): ChannelStatus['state'] {
  return state.kind === 'open' || state.kind === 'closed' ? state.kind : 'recovering';
}

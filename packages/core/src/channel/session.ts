import type { ConnectionStatus, LinkMember } from '../connection/supervisor.ts';
import type { Reporter } from '../diagnostics/diagnostics.ts';
import type { LeveretEvent } from '../diagnostics/events.ts';
import type {
  ChannelEnd,
  DriverChannel,
  DriverChannelEvents,
  DriverConnection,
} from '../driver/driver.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import { type BackoffOptions, backoffDelay } from '../internal/backoff.ts';
import type { Clock, Timer } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { ignore } from '../internal/deferred.ts';
import { Listeners } from '../internal/emitter.ts';
import { ReturnedMessage } from '../message/received.ts';
import { TopologyLedger } from '../topology/ledger.ts';
import { Asides } from './asides.ts';
import { Consumers } from './consumers.ts';
import { Deliveries } from './deliveries.ts';
import {
  type SessionEffect,
  type SessionEvent,
  type SessionState,
  sessionStep,
} from './machine.ts';
import { NamedQueues } from './named-queues.ts';
import { ChannelNews } from './news.ts';
import type { ChannelConfig } from './options.ts';
import { Publisher } from './publisher.ts';
import { type ClosedByBroker, publishRefused, quarantine } from './quarantine.ts';
import { type Live, type RequestOptions, Requests } from './requests.ts';
import { restore, type Topology } from './restore.ts';
import { type ChannelStatus, statusName } from './status.ts';
import type { Subscription } from './subscription.ts';

/** What a channel needs of its connection. */
export interface SessionHost {
  readonly clock: Clock;
  readonly operationTimeout: number;
  readonly closeTimeout: number;
  readonly backoff: BackoffOptions;
  readonly reporter: Reporter;
  status(): ConnectionStatus;
  join(member: LinkMember): void;
  leave(member: LinkMember): void;
}

/** Milliseconds; a channel that ends sooner after it opened is opened again with a growing delay, up to this. */
const STABLE_AFTER = 1000;

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
  /** Told each returned message that no publish fails over. */
  readonly returns: Listeners<ReturnedMessage> = new Listeners();
  /** Prefetch of each consumer that does not say otherwise. */
  prefetch: number;
  readonly consumers: Consumers;
  readonly asides: Asides;
  readonly news: ChannelNews;
  /** When the broker's part in closing it has to be over, once it closes: a time of the clock. */
  closeBy = 0;
  readonly #host: SessionHost;
  readonly #requests: Requests;
  #state: SessionState<Live> = { kind: 'waiting' };
  readonly #named: NamedQueues;
  #restores = 0;
  #retry: Timer | undefined;
  #culprit: ClosedByBroker | undefined;
  #cause: LeveretError | undefined;
  #openedAt = 0;
  #selecting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(number: number, host: SessionHost, config: ChannelConfig) {
    this.number = number;
    this.config = config;
    this.prefetch = config.prefetch;
    this.#host = host;
    this.asides = new Asides(host);
    this.#named = new NamedQueues(this.asides);
    this.news = new ChannelNews(number, host.reporter, host.clock);
    this.publisher = new Publisher(config, host.clock, {
      selectConfirms: () => {
        this.#selectConfirms().catch(ignore); // the publishes that wait for it end by themselves
      },
      nacked: (message) => this.news.nacked(message),
      failed: (message, error) => this.news.failed(message, error),
      useless: (error) => {
        if (this.#state.kind === 'open') this.#replace(this.#state.channel, error);
      },
    });
    const live = (): Live | undefined =>
      this.#state.kind === 'open' ? this.#state.channel : undefined;
    const { clock, operationTimeout, closeTimeout } = host;
    this.#requests = new Requests({
      clock,
      operationTimeout,
      live,
      closed: () => (this.#state.kind === 'closed' ? this.#closedError() : undefined),
      cause: () => this.#cause,
      unanswered: (which, error) => this.#replace(which, error),
    });
    this.consumers = new Consumers({
      closeTimeout,
      ledger: this.ledger,
      operation: (name, run, options) => this.operation(name, run, options),
      aside: (name, use) => this.aside(name, use),
      cancelled: (queue) => this.news.cancelled(queue),
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
    await this.#requests.live('channel.open', this.#host.operationTimeout);
  }

  /** Tells what happened to whoever listens. */
  report(event: LeveretEvent): void {
    this.#host.reporter.report(event);
  }

  /** Makes a request of the broker; see {@link Requests.make}. */
  operation<T>(
    name: string,
    run: (live: Live) => Promise<T>,
    options?: RequestOptions,
  ): Promise<T> {
    return this.#requests.make(name, run, options);
  }

  /** Runs `use` on a channel of its own, so that what goes wrong there harms nothing here. */
  aside<T>(
    name: string,
    use: (channel: DriverChannel) => Promise<T>,
    timeout?: number,
  ): Promise<T> {
    const run = (): Promise<T> => this.asides.run(name, use, timeout);
    return this.operation(name, run, { aside: true, timeout });
  }

  /** Starts a consumer, and again on every recovery. */
  async subscribe(subscription: Subscription, timeout?: number): Promise<void> {
    const over = (): LeveretError | undefined =>
      this.#closing || this.#state.kind === 'closed' ? this.#closedError() : undefined;
    const error = over();
    if (error) throw error;
    await this.consumers.subscribe(subscription, over, timeout);
  }

  /** Drains and closes; every call resolves together. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  linkUp(link: DriverConnection): void {
    this.asides.connected(link);
    this.#happened({ kind: 'link up' });
  }

  linkDown(cause: LeveretError): void {
    this.asides.lost(cause);
    this.#cause = cause;
    this.#happened({ kind: 'link down' });
  }

  linkOver(cause: LeveretError | undefined): void {
    this.asides.lost(cause ?? this.#closedError());
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
    const nth = ++this.#restores;
    const { clock, operationTimeout } = this.#host;
    let channel: DriverChannel | undefined;
    let deliveries: Deliveries | undefined;
    const told: { end: ChannelEnd | undefined } = { end: undefined };
    try {
      if (this.#culprit) {
        await quarantine(this.publisher.pending(), this.#culprit, this.asides);
        this.#culprit = undefined;
      }
      channel = await this.asides.open({
        ...this.#channelEvents(),
        ended: (end) => {
          told.end = end;
          this.#ended(end, channel);
        },
      });
      deliveries = new Deliveries(channel, clock, (tag) => this.news.settleSkipped(tag));
      const fresh = { channel, deliveries, confirms: this.publisher.wantsConfirms };
      const replayed = await restore(fresh, this.#topology(), operationTimeout, clock);
      if (this.#state !== state) {
        channel.close().catch(ignore); // closed meanwhile, or lost again
        return deliveries.lose(this.#cause ?? this.#closedError());
      }
      // The end may have come along with the last answer, when there was no step left to fail over it.
      if (told.end?.kind === 'channel') throw closedByBroker(told.end);
      this.#happened({ kind: 'restored', channel: { ...fresh, replayed } });
    } catch (error) {
      channel?.close().catch(ignore);
      const cause = LeveretError.from(error, 'REFUSED');
      deliveries?.lose(cause);
      if (nth === this.#restores) this.consumers.lose(cause); // else they are a newer one's
      if (this.#state !== state) return;
      this.#cause = cause;
      this.news.recoveryFailed(cause);
      this.#happened({ kind: 'restore failed' });
    }
  }

  #topology(): Topology {
    const { running } = this.consumers;
    return {
      plan: this.ledger.plan(),
      globalPrefetch: this.consumers.globalPrefetch,
      subscriptions: running,
      isThere: (queue) => this.#named.isThere(queue, running),
      declared: (queue) => this.#named.declared(queue),
      gone: (subscription, error) => this.consumers.gone(subscription, error),
    };
  }

  #channelEvents(): Omit<DriverChannelEvents, 'ended'> {
    return {
      confirmed: (tag, multiple, ok) => this.publisher.confirmed(tag, multiple, ok),
      returned: (message) => {
        this.news.returned(message);
        if (!this.publisher.returned(message)) this.returns.emit(new ReturnedMessage(message));
      },
      writable: () => this.publisher.pump(),
      cancelled: (tag) => this.consumers.cancelled(tag),
    };
  }

  #ended(end: ChannelEnd, channel: DriverChannel | undefined): void {
    const isOurs = (): boolean =>
      this.#state.kind === 'open' && this.#state.channel.channel === channel;
    if (isOurs()) this.publisher.stop(); // what is published by whoever is told waits for the next
    if (end.kind === 'connection') return; // `linkDown` follows
    this.news.closed(end);
    if (!isOurs()) return; // the step of the recovery that is under way fails
    if (end.publish) this.#culprit = end;
    this.#cause = closedByBroker(end);
    this.#happened({ kind: 'ended', stable: this.#isStable });
  }

  #pause(): void {
    const { clock, backoff } = this.#host;
    const attempt = 'attempt' in this.#state ? this.#state.attempt : 1;
    const bounds = { initial: backoff.initial, max: Math.min(backoff.max, STABLE_AFTER) };
    this.#retry = clock.after(backoffDelay(attempt, bounds, clock.random()), () =>
      this.#happened({ kind: 'retry due' }),
    );
  }

  /** Whether it was open for long enough not to fail at once again. */
  get #isStable(): boolean {
    return this.clock.now() - this.#openedAt >= STABLE_AFTER;
  }

  #goOn(): void {
    this.#openedAt = this.clock.now();
    this.#named.opened();
    if (this.#state.kind === 'open') {
      const { channel, confirms, replayed } = this.#state.channel;
      this.news.back(replayed, this.publisher.attach(channel, confirms));
    }
    if (this.publisher.wantsConfirms && !this.publisher.hasConfirms)
      this.#selectConfirms().catch(ignore);
    this.#requests.goOn();
  }

  #detach(before: SessionState<Live>): void {
    const cause = this.#cause ?? this.#closedError();
    if (before.kind === 'open') before.channel.deliveries.lose(cause);
    this.consumers.lose(cause);
    this.publisher.detach(cause, this.#culprit && publishRefused(this.#culprit));
    this.news.lost();
  }

  #over(): void {
    const error = this.#closedError();
    this.#host.leave(this);
    this.#requests.goOn();
    this.publisher.close(error);
    const cause = this.#state.kind === 'closed' ? this.#state.cause : undefined;
    this.consumers.end(cause);
  }

  #selectConfirms(): Promise<void> {
    this.#selecting ??= this.operation('confirm.select', async ({ channel }) => {
      if (!this.publisher.hasConfirms) await channel.selectConfirms();
    })
      .then(() => this.publisher.confirmsSelected())
      .finally(() => {
        this.#selecting = undefined;
      });
    return this.#selecting;
  }

  /** A channel that does not answer, or takes nothing any more, makes room for another. */
  #replace(live: Live, cause: LeveretError): void {
    if (this.#state.kind !== 'open' || this.#state.channel !== live) return;
    live.channel.close().catch(ignore);
    this.#cause = cause;
    this.#happened({ kind: 'ended', stable: this.#isStable });
  }

  async #close(): Promise<void> {
    const { clock, closeTimeout } = this.#host;
    const stopping = this.consumers.stopAll();
    const before = clock.now();
    await Promise.all(stopping.map(({ cancelled }) => cancelled));
    const spent = clock.now() - before;
    await Promise.all(stopping.map(({ done }) => done));
    // From here on only the broker is waited for, for all that is left to do together.
    const closeBy = clock.now() + Math.max(0, closeTimeout - spent);
    this.closeBy = closeBy;
    const inTime = (promise: Promise<unknown>, name: string): Promise<unknown> =>
      withDeadline(promise, name, Math.max(0, closeBy - clock.now()), clock).catch(ignore);
    if (this.#host.status().state !== 'closed') await inTime(this.publisher.drained(), 'close');
    const state = this.#state;
    if (state.kind === 'open') state.channel.deliveries.flush();
    this.#happened({ kind: 'close', cause: undefined });
    if (state.kind === 'open') await inTime(state.channel.channel.close(), 'channel.close');
  }

  #closedError(): LeveretError {
    const cause = this.#state.kind === 'closed' ? this.#state.cause : undefined;
    return new LeveretError('CLOSED', 'the channel is closed', cause ? { cause } : {});
  }
}

function closedByBroker({ replyText }: ClosedByBroker): LeveretError {
  return new LeveretError('CONNECTION_LOST', `the broker closed the channel: ${replyText}`);
}

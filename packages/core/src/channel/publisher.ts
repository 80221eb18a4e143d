import type { DriverChannel } from '../driver/driver.ts';
import { LeveretError, TimeoutError } from '../errors/leveret-error.ts';
import type { Clock, Timer } from '../internal/clock.ts';
import { TagMap } from '../internal/tag-map.ts';
import type { WireMessage, WireReturn } from '../message/message.ts';
import { ReturnedMessage } from '../message/received.ts';
import { UnroutableError } from '../message/unroutable-error.ts';
import {
  isSame,
  nacked,
  type Publication,
  type PublishRequest,
  unconfirmed,
  unwritable,
} from './publication.ts';
import { Refusals } from './refusals.ts';

/** Bounds of what a channel holds for the broker. */
export interface PublisherLimits {
  /** Most messages sent and not yet confirmed; more wait their turn. */
  readonly maxInFlight: number;
  /** Most messages that wait to be sent. */
  readonly maxBuffered: number;
  /** Most bytes of bodies, waiting and unconfirmed together. */
  readonly maxBufferedBytes: number;
  /** Milliseconds after a recovery for which messages that the broker refuses are sent again. */
  readonly nackTimeout: number;
}

/** What a publisher tells its channel. */
export interface PublisherEvents {
  /** The first publish wants a confirm: called once, until the channel is gone. */
  selectConfirms(): void;
  /** The broker refused a message; it may be sent again. */
  nacked(message: WireMessage): void;
  /** A publish failed; whoever awaits it is told as well. */
  failed(message: WireMessage, error: LeveretError): void;
  /** Nothing can be sent on this channel any more: it is to be replaced. */
  useless(error: LeveretError): void;
}

interface Entry extends PublishRequest {
  readonly resolve: () => void;
  readonly reject: (error: LeveretError) => void;
  readonly timer: Timer;
  /** Whether it has ever been handed to a channel, so that the broker may have it. */
  sent: boolean;
  inFlight: boolean;
  settled: boolean;
  returned: ReturnedMessage | undefined;
}

/**
 * Publishes with confirms. Each message is in one place: waiting, in flight, refused, or settled. In flight are
 * at most `maxInFlight`; when the channel goes, they return to the head of those that wait, in order, and are
 * sent again on the next. What the broker refuses soon after that waits again after a pause.
 */
export class Publisher {
  readonly #limits: PublisherLimits;
  readonly #clock: Clock;
  readonly #events: PublisherEvents;
  #channel: DriverChannel | undefined;
  /** The largest body that it was given and that nobody waits to have confirmed: the broker may refuse that, too. */
  #unwatched: number | undefined;
  #confirms: 'unused' | 'asked' | 'on' = 'unused';
  #blocked = false;
  #closed: LeveretError | undefined;
  /** In the order in which they are to be sent. */
  #waiting = new Set<Entry>();
  /** By publish tag. */
  readonly #inFlight = new TagMap<Entry>();
  readonly #refused: Refusals<Entry>;
  /** How many of those in flight have expired. */
  #expired = 0;
  #bytes = 0;
  /** How many have not settled. */
  #unsettled = 0;
  #idle: (() => void)[] = [];

  constructor(limits: PublisherLimits, clock: Clock, events: PublisherEvents) {
    this.#limits = limits;
    this.#clock = clock;
    this.#events = events;
    this.#refused = new Refusals(clock, limits.nackTimeout);
  }

  /** Publishes; resolves once the broker has taken the message and, if mandatory, routed it. */
  publish(request: PublishRequest): Promise<void> {
    const size = request.message.body.byteLength;
    const refusal = this.#closed ?? this.#full(size);
    if (refusal) return this.#fail(request.message, refusal);
    const channel = this.#waiting.size === 0 ? this.#channelFor(request) : undefined;
    if (channel && !request.confirm) return this.#handOver(channel, request.message);
    if (request.confirm && this.#confirms === 'unused') {
      this.#confirms = 'asked';
      this.#events.selectConfirms();
    }
    this.#bytes += size;
    this.#unsettled++;
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        message: request.message,
        timeout: request.timeout,
        resend: request.resend,
        confirm: request.confirm,
        rejectReturned: request.rejectReturned,
        resolve,
        reject,
        timer: this.#clock.after(request.timeout, () => this.#expire(entry)),
        sent: false,
        inFlight: false,
        settled: false,
        returned: undefined,
      };
      if (channel) this.#send(channel, entry);
      else this.#waiting.add(entry);
    });
  }

  /** Whether a publish ever wanted a confirm: then the next channel needs them from the start. */
  get wantsConfirms(): boolean {
    return this.#confirms !== 'unused';
  }

  /** Whether the present channel gives confirms. */
  get hasConfirms(): boolean {
    return this.#confirms === 'on';
  }

  /** The present channel gives confirms from now on. */
  confirmsSelected(): void {
    this.#confirms = 'on';
    this.pump();
  }

  /** The broker blocks publishers, or does no longer. */
  block(blocked: boolean): void {
    this.#blocked = blocked;
    this.pump();
  }

  /** Sends through `channel` from now on, beginning with what waits. Gives how many of it are sent again. */
  attach(channel: DriverChannel, confirms: boolean): number {
    const again = this.#sentBefore().length;
    this.#refused.attached();
    this.#channel = channel;
    this.#unwatched = undefined;
    if (confirms) this.#confirms = 'on';
    this.pump();
    return again;
  }

  /** Nothing is sent on the present channel any more; `detach` follows. */
  stop(): void {
    this.#channel = undefined;
  }

  /**
   * The channel is gone: what was in flight waits again, at the head; what must not be sent twice is settled
   * with `cause`, or as `refused` where the broker closed the channel over a publish and only this one can be meant.
   */
  detach(cause: LeveretError, refused?: LeveretError): void {
    this.#channel = undefined;
    if (this.#confirms === 'on') this.#confirms = 'asked';
    const resent: Entry[] = [];
    const landed = this.#landed();
    for (const entry of landed) {
      if (entry.settled) continue;
      entry.returned = undefined;
      if (entry.resend) resent.push(entry);
      else this.#settle(entry, this.#blame(landed, refused) ?? unconfirmed(cause));
    }
    for (const entry of this.#waiting) if (!entry.resend) this.#settle(entry, cause);
    this.#waiting = new Set([...resent, ...this.#waiting]);
  }

  /** What the broker refused, where only the one message in flight can be meant: a body that is too large is the largest. */
  #blame([entry, ...others]: readonly Entry[], refused?: LeveretError): LeveretError | undefined {
    if (!entry || others.length > 0) return undefined;
    if (this.#unwatched === undefined) return refused;
    const isLargest = entry.message.body.byteLength > this.#unwatched;
    return isLargest && refused?.code === 'PRECONDITION_FAILED' ? refused : undefined;
  }

  /** Everything that was sent and waits to be sent again, oldest first: whom a lost channel may blame. */
  pending(): Publication[] {
    return this.#sentBefore().map((entry) => ({
      message: entry.message,
      timeout: entry.timeout,
      resend: entry.resend,
      confirm: entry.confirm,
      rejectReturned: entry.rejectReturned,
      settle: (error) => this.#settle(entry, error),
    }));
  }

  /** Sends what waits, as far as the channel takes it. */
  pump(): void {
    for (const entry of this.#waiting) {
      const channel = this.#channelFor(entry);
      if (!channel) break;
      this.#waiting.delete(entry);
      this.#send(channel, entry);
    }
  }

  /** The broker's answer to one or, with `multiple`, all up to one. */
  confirmed(tag: number, multiple: boolean, ok: boolean): void {
    if (multiple)
      for (
        let oldest = this.#inFlight.oldest;
        oldest && oldest <= tag;
        oldest = this.#inFlight.oldest
      )
        this.#answered(oldest, ok);
    else this.#answered(tag, ok);
    if (this.#waiting.size > 0) this.pump();
  }

  /** A mandatory message came back; its confirm is still to come. Gives whether a publish fails over it. */
  returned(wire: WireReturn): boolean {
    const entry = this.#inFlight.find((each) => !each.returned && isSame(each.message, wire));
    if (!entry) return false;
    entry.returned = new ReturnedMessage(wire);
    return entry.rejectReturned;
  }

  /** Resolves once every publish has settled. */
  drained(): Promise<void> {
    if (this.#unsettled === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** It is over: what was sent is unconfirmed for ever, the rest is not sent. */
  close(cause: LeveretError): void {
    this.#closed = cause;
    this.#channel = undefined;
    for (const entry of this.#landed()) this.#settle(entry, unconfirmed(cause));
    for (const entry of this.#waiting) this.#settle(entry, entry.sent ? unconfirmed(cause) : cause);
    for (const entry of this.#refused.items) this.#settle(entry, nacked(cause));
  }

  #sentBefore(): Entry[] {
    return [...this.#waiting].filter((entry) => entry.sent);
  }

  /** The channel, if it can take the message now. */
  #channelFor({ confirm }: PublishRequest): DriverChannel | undefined {
    const channel = this.#channel;
    if (!channel || this.#blocked) return undefined;
    const free = confirm
      ? this.#confirms === 'on' && this.#inFlight.size < this.#limits.maxInFlight
      : !channel.congested;
    return free ? channel : undefined;
  }

  #full(size: number): LeveretError | undefined {
    const { maxBuffered, maxBufferedBytes } = this.#limits;
    if (this.#waiting.size + this.#refused.size >= maxBuffered)
      return new LeveretError('BUFFER_FULL', `${maxBuffered} messages wait already (maxBuffered)`);
    if (this.#bytes > 0 && this.#bytes + size > maxBufferedBytes)
      return new LeveretError(
        'BUFFER_FULL',
        `${this.#bytes} bytes wait already (maxBufferedBytes)`,
      );
    return undefined;
  }

  /** Sends a message of whose fate nobody wants to hear. */
  #handOver(channel: DriverChannel, message: WireMessage): Promise<void> {
    try {
      channel.publish(message);
    } catch (error) {
      return this.#fail(message, unwritable(error));
    }
    this.#unwatch(message);
    return Promise.resolve();
  }

  #unwatch({ body }: WireMessage): void {
    this.#unwatched = Math.max(this.#unwatched ?? 0, body.byteLength);
  }

  /** A message that goes nowhere. */
  #fail(message: WireMessage, error: LeveretError): Promise<never> {
    this.#events.failed(message, error);
    return Promise.reject(error);
  }

  #send(channel: DriverChannel, entry: Entry): void {
    let tag: number;
    try {
      tag = channel.publish(entry.message);
    } catch (error) {
      return this.#settle(entry, unwritable(error));
    }
    entry.sent = true;
    if (!entry.confirm) {
      this.#unwatch(entry.message);
      return this.#settle(entry);
    }
    entry.inFlight = true;
    this.#inFlight.add(tag, entry);
  }

  #answered(tag: number, ok: boolean): void {
    const entry = this.#leaveFlight(tag);
    if (!entry || entry.settled) return;
    if (!ok) return this.#refuse(entry);
    this.#refused.taken(entry.message);
    if (entry.returned && entry.rejectReturned)
      this.#settle(entry, new UnroutableError(entry.returned));
    else this.#settle(entry);
  }

  #refuse(entry: Entry): void {
    this.#events.nacked(entry.message);
    const again = (): void => {
      this.#waiting.add(entry);
      this.pump();
    };
    entry.returned = undefined;
    if (!entry.resend || !this.#refused.pause(entry, again)) this.#settle(entry, nacked());
    if (this.#refused.refused(entry.message)) this.#events.useless(nacked());
  }

  /** Takes all out of flight; gives them, oldest first. */
  #landed(): Entry[] {
    const entries: Entry[] = [];
    for (let tag = this.#inFlight.oldest; tag; tag = this.#inFlight.oldest) {
      const entry = this.#leaveFlight(tag);
      if (entry) entries.push(entry);
    }
    return entries;
  }

  /** Its bytes count as long as it is held: also where it expired in flight. */
  #leaveFlight(tag: number): Entry | undefined {
    const entry = this.#inFlight.take(tag);
    if (!entry) return undefined;
    entry.inFlight = false;
    if (entry.settled) {
      this.#expired--;
      this.#bytes -= entry.message.body.byteLength;
    }
    return entry;
  }

  #expire(entry: Entry): void {
    const late = new TimeoutError('publish', entry.timeout);
    if (this.#blocked)
      this.#settle(
        entry,
        new LeveretError('BLOCKED', 'the broker blocks publishers', { cause: late }),
      );
    else this.#settle(entry, this.#refused.has(entry) ? nacked(late) : late);
    if (!entry.inFlight) return;
    this.#expired++;
    const { size } = this.#inFlight;
    if (size >= this.#limits.maxInFlight && this.#expired === size && !this.#blocked)
      this.#events.useless(late);
  }

  #settle(entry: Entry, error?: LeveretError): void {
    if (entry.settled) return;
    entry.settled = true;
    this.#waiting.delete(entry);
    this.#refused.delete(entry);
    entry.timer.cancel();
    if (!entry.inFlight) this.#bytes -= entry.message.body.byteLength;
    if (error) {
      this.#events.failed(entry.message, error);
      entry.reject(error);
    } else entry.resolve();
    if (--this.#unsettled === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

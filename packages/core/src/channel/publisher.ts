import type { DriverChannel } from '../driver/driver.ts';
import { LeveretError, TimeoutError } from '../errors/leveret-error.ts';
import type { Clock, Timer } from '../internal/clock.ts';
import type { WireMessage, WireReturn } from '../message/message.ts';
import { ReturnedMessage } from '../message/received.ts';
import { UnroutableError } from '../message/unroutable-error.ts';

/** Bounds of what a channel holds for the broker. */
export interface PublisherLimits {
  /** Most messages sent and not yet confirmed; more wait their turn. */
  readonly maxInFlight: number;
  /** Most messages that wait to be sent. */
  readonly maxBuffered: number;
  /** Most bytes of bodies, waiting and unconfirmed together. */
  readonly maxBufferedBytes: number;
}

/** How one message is published. */
export interface PublishRequest {
  readonly message: WireMessage;
  /** Milliseconds until it must be confirmed. */
  readonly timeout: number;
  /** Whether to send it on the next channel where this one was lost before it was confirmed. */
  readonly resend: boolean;
}

/** A publish that has not settled. */
export interface Publication extends PublishRequest {
  readonly settle: (error?: LeveretError) => void;
}

interface Entry extends PublishRequest {
  readonly resolve: () => void;
  readonly reject: (error: LeveretError) => void;
  readonly timer: Timer;
  settled: boolean;
  returned: ReturnedMessage | undefined;
}

/**
 * Publishes with confirms. Each message is in one place: waiting, in flight, or settled. In flight are at
 * most `maxInFlight`; when the channel goes, they return to the head of those that wait, in order, and are
 * sent again on the next.
 */
export class Publisher {
  readonly #limits: PublisherLimits;
  readonly #clock: Clock;
  #channel: DriverChannel | undefined;
  #blocked = false;
  #closed: LeveretError | undefined;
  /** In the order in which they are to be sent. */
  #waiting = new Set<Entry>();
  readonly #inFlight = new Map<number, Entry>();
  #bytes = 0;
  #idle: (() => void)[] = [];

  constructor(limits: PublisherLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Publishes; resolves once the broker has taken the message and, if mandatory, routed it. */
  publish(request: PublishRequest): Promise<void> {
    const size = request.message.body.byteLength;
    const refusal = this.#closed ?? this.#full(size);
    if (refusal) return Promise.reject(refusal);
    this.#bytes += size;
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        message: request.message,
        timeout: request.timeout,
        resend: request.resend,
        resolve,
        reject,
        timer: this.#clock.after(request.timeout, () => this.#expire(entry)),
        settled: false,
        returned: undefined,
      };
      if (this.#channel && this.#flowing && this.#waiting.size === 0)
        this.#send(this.#channel, entry);
      else this.#waiting.add(entry);
    });
  }

  /** The broker blocks publishers, or does no longer. */
  block(blocked: boolean): void {
    this.#blocked = blocked;
    this.#pump();
  }

  /** Sends through `channel` from now on, beginning with what waits. */
  attach(channel: DriverChannel): void {
    this.#channel = channel;
    this.#pump();
  }

  /**
   * The channel is gone: what was in flight waits again, at the head. Gives how many; what must not be sent
   * twice is settled with `cause`.
   */
  detach(cause: LeveretError): number {
    this.#channel = undefined;
    const resent: Entry[] = [];
    for (const entry of this.#inFlight.values()) {
      if (entry.settled) continue;
      entry.returned = undefined;
      if (entry.resend) resent.push(entry);
      else this.#settle(entry, unconfirmed(cause));
    }
    this.#inFlight.clear();
    for (const entry of this.#waiting) if (!entry.resend) this.#settle(entry, cause);
    this.#waiting = new Set([...resent, ...this.#waiting]);
    return resent.length;
  }

  /** Everything that waits, oldest first, for whoever looks for a culprit among them. */
  pending(): Publication[] {
    return Array.from(this.#waiting, (entry) => ({
      message: entry.message,
      timeout: entry.timeout,
      resend: entry.resend,
      settle: (error) => this.#settle(entry, error),
    }));
  }

  /** The broker's answer to one or, with `multiple`, all up to one. */
  confirmed(tag: number, multiple: boolean, ok: boolean): void {
    if (!multiple) {
      const entry = this.#inFlight.get(tag);
      if (entry) this.#answered(tag, entry, ok);
    } else {
      for (const [each, entry] of this.#inFlight) {
        if (each > tag) break;
        this.#answered(each, entry, ok);
      }
    }
    this.#pump();
  }

  /** A mandatory message came back; its confirm is still to come. Gives whether anybody waits for it. */
  returned(wire: WireReturn): boolean {
    for (const entry of this.#inFlight.values()) {
      if (entry.message.messageId !== wire.messageId || entry.returned) continue;
      entry.returned = new ReturnedMessage(wire);
      return true;
    }
    return false;
  }

  /** Resolves once nothing waits or is in flight any more. */
  drained(): Promise<void> {
    if (this.#empty) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** It is over: what was sent is unconfirmed for ever, the rest is not sent. */
  close(cause: LeveretError): void {
    this.#closed = cause;
    this.#channel = undefined;
    for (const entry of this.#inFlight.values()) this.#settle(entry, unconfirmed(cause));
    this.#inFlight.clear();
    for (const entry of this.#waiting) this.#settle(entry, cause);
  }

  get #flowing(): boolean {
    return !this.#blocked && this.#inFlight.size < this.#limits.maxInFlight;
  }

  get #empty(): boolean {
    return this.#inFlight.size === 0 && this.#waiting.size === 0;
  }

  #full(size: number): LeveretError | undefined {
    const { maxBuffered, maxBufferedBytes } = this.#limits;
    if (this.#waiting.size >= maxBuffered)
      return new LeveretError('BUFFER_FULL', `${maxBuffered} messages wait already (maxBuffered)`);
    if (this.#bytes > 0 && this.#bytes + size > maxBufferedBytes)
      return new LeveretError(
        'BUFFER_FULL',
        `${this.#bytes} bytes wait already (maxBufferedBytes)`,
      );
    return undefined;
  }

  #send(channel: DriverChannel, entry: Entry): void {
    this.#inFlight.set(channel.publish(entry.message), entry);
  }

  #pump(): void {
    for (const entry of this.#waiting) {
      if (!this.#channel || !this.#flowing) break;
      this.#waiting.delete(entry);
      this.#send(this.#channel, entry);
    }
    if (this.#empty && this.#idle.length > 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #answered(tag: number, entry: Entry, ok: boolean): void {
    this.#inFlight.delete(tag);
    if (entry.settled) return;
    if (!ok) this.#settle(entry, new LeveretError('NACKED', 'the broker refused the message'));
    else if (entry.returned) this.#settle(entry, new UnroutableError(entry.returned));
    else this.#settle(entry);
  }

  #expire(entry: Entry): void {
    const late = new TimeoutError('publish', entry.timeout);
    this.#settle(
      entry,
      this.#blocked
        ? new LeveretError('BLOCKED', 'the broker blocks publishers', { cause: late })
        : late,
    );
  }

  #settle(entry: Entry, error?: LeveretError): void {
    if (entry.settled) return;
    entry.settled = true;
    this.#waiting.delete(entry);
    entry.timer.cancel();
    this.#bytes -= entry.message.body.byteLength;
    if (error) entry.reject(error);
    else entry.resolve();
  }
}

function unconfirmed(cause: LeveretError): LeveretError {
  return new LeveretError('UNCONFIRMED', 'sent, and then the channel was gone', { cause });
}

import type { Reporter } from '../diagnostics/diagnostics.ts';
import type { PublishedMessage, Replayed } from '../diagnostics/events.ts';
import type { LeveretError } from '../errors/leveret-error.ts';
import type { Clock } from '../internal/clock.ts';
import type { WireMessage, WireReturn } from '../message/message.ts';
import type { ClosedByBroker } from './quarantine.ts';

/** Reports what happens on one channel. What may come once a message is only made where somebody hears it. */
export class ChannelNews {
  readonly #channel: number;
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  #lostAt: number | undefined;

  constructor(channel: number, reporter: Reporter, clock: Clock) {
    this.#channel = channel;
    this.#reporter = reporter;
    this.#clock = clock;
  }

  /** The channel is gone; it has been since the first time that this is told. */
  lost(): void {
    this.#lostAt ??= this.#clock.now();
  }

  /** It is back, with what was put back and how many publishes are sent again. */
  back(replayed: Replayed, resent: number): void {
    if (this.#lostAt === undefined) return;
    const channel = this.#channel;
    const duration = this.#clock.now() - this.#lostAt;
    this.#lostAt = undefined;
    if (resent > 0) this.#reporter.report({ type: 'resent', channel, count: resent });
    this.#reporter.report({ type: 'recovered', channel, duration, replayed, resent });
  }

  /** Putting it back failed. */
  recoveryFailed(error: LeveretError): void {
    this.#reporter.report({ type: 'recovery-failed', channel: this.#channel, error });
  }

  /** The broker closed it. */
  closed({ replyCode, replyText }: Pick<ClosedByBroker, 'replyCode' | 'replyText'>): void {
    this.#reporter.report({ type: 'channel-closed', channel: this.#channel, replyCode, replyText });
  }

  /** A mandatory message came back. */
  returned(wire: WireReturn): void {
    if (!this.#reporter.wants('returned')) return;
    const { exchange, routingKey, messageId, replyCode, replyText } = wire;
    this.#reporter.report({
      type: 'returned',
      channel: this.#channel,
      exchange,
      routingKey,
      messageId,
      replyCode,
      replyText,
    });
  }

  /** The broker refused a message. */
  nacked(message: WireMessage): void {
    if (!this.#reporter.wants('nacked')) return;
    this.#reporter.report({ type: 'nacked', ...this.#published(message) });
  }

  /** A publish failed. */
  failed(message: WireMessage, error: LeveretError): void {
    // These were told when the message came back, or was refused.
    if (error.code === 'UNROUTABLE' || error.code === 'NACKED') return;
    if (!this.#reporter.wants('dropped')) return;
    this.#reporter.report({ type: 'dropped', ...this.#published(message), error });
  }

  /** A delivery of a channel that is gone was settled. */
  settleSkipped(deliveryTag: number): void {
    if (!this.#reporter.wants('settle-skipped')) return;
    this.#reporter.report({ type: 'settle-skipped', channel: this.#channel, deliveryTag });
  }

  /** The broker cancelled a consumer. */
  cancelled(queue: string): void {
    this.#reporter.report({ type: 'consumer-cancelled', channel: this.#channel, queue });
  }

  /** A consumer that was asked to close has nothing in hand any more. */
  drained(queue: string, duration: number, aborted: number): void {
    this.#reporter.report({ type: 'drained', channel: this.#channel, queue, duration, aborted });
  }

  /** A handler of a consumer threw. */
  handlerFailed(queue: string, error: LeveretError): void {
    this.#reporter.report({ type: 'handler-failed', queue, error });
  }

  #published({ exchange, routingKey, messageId }: WireMessage): PublishedMessage {
    return { channel: this.#channel, exchange, routingKey, messageId };
  }
}

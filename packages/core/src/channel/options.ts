import { duration, whole } from '../connection/options.ts';
import { checkOptions, flag, oneOf } from '../internal/options.ts';
import type { PublisherLimits } from './publisher.ts';

/** How a channel behaves. Durations are milliseconds. */
export interface ChannelOptions {
  /**
   * Most unsettled deliveries of each consumer that does not say otherwise; 0 is no bound. Default 100
   * (RabbitMQ advises 100 to 300).
   */
  readonly prefetch?: number;
  /**
   * How queues and exchanges are declared where their options do not say otherwise. `durable`, the default,
   * has them survive a restart of the broker; `aio-pika` declares as that library does, neither durable nor
   * exclusive, so that services in Python can declare the same ones without options. Queues that the broker
   * names are exclusive either way.
   */
  readonly declarations?: 'durable' | 'aio-pika';
  /** Whether publishes wait for the broker where they do not say otherwise. Default true. */
  readonly confirm?: boolean;
  /**
   * What becomes of a mandatory message that reached no queue. `reject`, the default, fails its publish with
   * `UNROUTABLE`; with `event` the publish resolves, and the channel's `return` listeners are told before.
   */
  readonly unroutable?: 'reject' | 'event';
  /** How long a publish may take to be confirmed, waiting for a connection included. Default 30000. */
  readonly publishTimeout?: number;
  /** Most messages sent and not yet confirmed; more wait their turn. Default 2048. */
  readonly maxInFlight?: number;
  /** Most messages that wait to be sent; a further publish is refused (`BUFFER_FULL`). Default 100000. */
  readonly maxBuffered?: number;
  /** Most bytes of bodies waiting and unconfirmed; likewise. Default 67108864 (64 MiB). */
  readonly maxBufferedBytes?: number;
  /**
   * How long after it has come back from a loss messages that the broker refuses (`basic.nack`) are sent
   * again, with backoff, and not `NACKED` at once: a quorum queue refuses while it has no leader. What is
   * refused and sent again comes after what was published meanwhile. Default 10000.
   */
  readonly nackTimeout?: number;
  /**
   * How long `cancel` and `close` wait for handlers in hand before they abort them through
   * `message.signal`. Default 30000.
   */
  readonly drainTimeout?: number;
}

/** What may become of a mandatory message that reached no queue. */
export const UNROUTABLE: readonly ['reject', 'event'] = ['reject', 'event'];

/** The same, filled in and checked. */
export interface ChannelConfig extends PublisherLimits {
  readonly prefetch: number;
  readonly declarations: 'durable' | 'aio-pika';
  readonly confirm: boolean;
  readonly unroutable: 'reject' | 'event';
  readonly publishTimeout: number;
  readonly drainTimeout: number;
}

/** Fills in and checks. Errors: `INVALID_ARGUMENT`. */
export function channelConfig(options: ChannelOptions): ChannelConfig {
  checkOptions(options);
  return {
    prefetch: whole('prefetch', options.prefetch, 100, 0, 65_535),
    declarations: oneOf('declarations', options.declarations, ['durable', 'aio-pika']),
    confirm: flag('confirm', options.confirm, true),
    unroutable: oneOf('unroutable', options.unroutable, UNROUTABLE),
    publishTimeout: duration('publishTimeout', options.publishTimeout, 30_000),
    maxInFlight: whole('maxInFlight', options.maxInFlight, 2048, 1, 2 ** 31),
    maxBuffered: whole('maxBuffered', options.maxBuffered, 100_000, 1, 2 ** 31),
    maxBufferedBytes: whole('maxBufferedBytes', options.maxBufferedBytes, 2 ** 26, 0, 2 ** 40),
    nackTimeout: duration('nackTimeout', options.nackTimeout, 10_000),
    drainTimeout: duration('drainTimeout', options.drainTimeout, 30_000),
  };
}

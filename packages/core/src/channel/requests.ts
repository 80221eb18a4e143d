import { duration } from '../connection/options.ts';
import type { Replayed } from '../diagnostics/events.ts';
import type { DriverChannel } from '../driver/driver.ts';
import { LeveretError, TimeoutError } from '../errors/leveret-error.ts';
import type { Clock } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { type Deferred, deferred } from '../internal/deferred.ts';
import type { Deliveries } from './deliveries.ts';

/** What a channel has while it is open. */
export interface Live {
  readonly channel: DriverChannel;
  readonly deliveries: Deliveries;
  /** Whether publishes are confirmed on it from the start. */
  readonly confirms: boolean;
  /** What was put back on it. */
  readonly replayed: Replayed;
}

/** What requests need of their channel. */
export interface RequestsHost {
  readonly clock: Clock;
  /** Milliseconds for each request, the waiting for a channel included. */
  readonly operationTimeout: number;
  /** The channel, where it is open. */
  live(): Live | undefined;
  /** The error of whatever is asked of it, once it is closed. */
  closed(): LeveretError | undefined;
  /** Why it is not open. */
  cause(): LeveretError | undefined;
  /** A request got no answer in time on that channel. */
  unanswered(live: Live, error: TimeoutError): void;
}

/** How a request is made. */
export interface RequestOptions {
  /** Milliseconds for it; `operationTimeout` unless given. */
  readonly timeout?: number | undefined;
  /** It must not be made again after a loss. Default false. */
  readonly once?: boolean;
  /** It does not go over the channel itself, which is none the worse when no answer comes. Default false. */
  readonly aside?: boolean;
}

/** The requests that a channel makes of the broker; they wait while it is not open. */
export class Requests {
  readonly #host: RequestsHost;
  #changed: Deferred<void> = deferred({ quiet: true });

  constructor(host: RequestsHost) {
    this.#host = host;
  }

  /**
   * Makes a request: waits for the channel to be open, and, unless it must be made only `once`, makes the
   * request again when the connection was lost on the way, until its timeout. Errors: `TIMEOUT`, `CLOSED`,
   * `INVALID_ARGUMENT` (the timeout), and those of the request.
   */
  async make<T>(
    name: string,
    run: (live: Live) => Promise<T>,
    options: RequestOptions = {},
  ): Promise<T> {
    const { once = false, aside = false } = options;
    const { clock, operationTimeout } = this.#host;
    const timeout = duration('timeout', options.timeout, operationTimeout);
    const deadline = clock.now() + timeout;
    for (;;) {
      const live = await this.live(name, deadline - clock.now());
      try {
        return await withDeadline(run(live), name, Math.max(0, deadline - clock.now()), clock);
      } catch (error) {
        if (error instanceof TimeoutError) {
          const late = new TimeoutError(name, timeout);
          if (!aside) this.#host.unanswered(live, late);
          throw late;
        }
        if (once || !(error instanceof LeveretError) || error.code !== 'CONNECTION_LOST')
          throw error;
        // Time for the loss to be told, and for everything else: without it this loop could run alone.
        await new Promise<void>((goOn) => clock.endOfTurn(goOn));
      }
    }
  }

  /** The channel, once it is open. Errors: `TIMEOUT`, `CLOSED`. */
  async live(name: string, timeout: number): Promise<Live> {
    const { clock } = this.#host;
    const deadline = clock.now() + timeout;
    for (;;) {
      const live = this.#host.live();
      if (live && clock.now() <= deadline) return live;
      const closed = this.#host.closed();
      if (closed) throw closed;
      const left = Math.max(0, deadline - clock.now());
      await withDeadline(this.#changed.promise, name, left, clock).catch((error: unknown) => {
        if (!(error instanceof TimeoutError)) throw error;
        const cause = this.#host.cause();
        throw new TimeoutError(name, timeout, cause ? { cause } : {});
      });
    }
  }

  /** The channel was opened or closed: those that wait look again. */
  goOn(): void {
    this.#changed.resolve();
    this.#changed = deferred({ quiet: true });
  }
}

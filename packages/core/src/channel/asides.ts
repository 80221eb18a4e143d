import type { DriverChannel, DriverChannelEvents, DriverConnection } from '../driver/driver.ts';
import type { LeveretErrorCode } from '../errors/codes.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import type { Clock } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { ignore } from '../internal/deferred.ts';
import { UNHEARD } from './unheard.ts';

/** What channels beside one need. */
export interface AsidesHost {
  readonly clock: Clock;
  /** Milliseconds for each request. */
  readonly operationTimeout: number;
}

const ABSENT: ReadonlySet<LeveretErrorCode> = new Set(['NOT_FOUND', 'RESOURCE_LOCKED']);

/** Channels beside another, on its connection of the moment: what goes wrong on them harms nothing there. */
export class Asides {
  readonly #host: AsidesHost;
  #link: DriverConnection | undefined;
  /** Aborts when that is gone. */
  #gone = new AbortController();

  constructor(host: AsidesHost) {
    this.#host = host;
  }

  /** The connection, if there is one. */
  get link(): DriverConnection | undefined {
    return this.#link;
  }

  /** There is a connection. */
  connected(link: DriverConnection): void {
    this.#link = link;
    this.#gone = new AbortController();
  }

  /** There is none any more: whatever waits for an answer on one of them fails. */
  lost(cause: LeveretError): void {
    this.#link = undefined;
    const gone = this.#gone;
    const error = new LeveretError('CONNECTION_LOST', cause.message, { cause });
    // Not at once: a request that the broker closed the connection over is just being told so.
    this.#host.clock.endOfTurn(() => gone.abort(error));
  }

  /** Opens one. Errors: `CONNECTION_LOST`, `TIMEOUT`. */
  async open(events: DriverChannelEvents): Promise<DriverChannel> {
    const link = this.#link;
    if (!link) throw new LeveretError('CONNECTION_LOST', 'there is no connection at present');
    const opening = link.openChannel(events);
    try {
      return await this.within('channel.open', opening);
    } catch (error) {
      opening.then((late) => late.close()).catch(ignore);
      throw error;
    }
  }

  /** Runs `use` on one. */
  async run<T>(
    method: string,
    use: (channel: DriverChannel) => Promise<T>,
    timeout?: number,
  ): Promise<T> {
    const channel = await this.open(UNHEARD);
    try {
      return await this.within(method, use(channel), timeout);
    } finally {
      channel.close().catch(ignore);
    }
  }

  /** Asks for something; gives why it is not there, or is another connection's alone, if that is so. */
  async absence(
    method: string,
    ask: (channel: DriverChannel) => Promise<unknown>,
  ): Promise<LeveretError | undefined> {
    try {
      await this.run(method, ask);
      return undefined;
    } catch (error) {
      if (error instanceof LeveretError && ABSENT.has(error.code)) return error;
      throw error;
    }
  }

  /** What comes of it on one of them, if that is in time and while there is a connection. */
  within<T>(method: string, outcome: Promise<T>, timeout?: number): Promise<T> {
    const { clock, operationTimeout } = this.#host;
    return withDeadline(outcome, method, timeout ?? operationTimeout, clock, this.#gone.signal);
  }
}

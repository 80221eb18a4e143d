import type { Reporter } from '../diagnostics/diagnostics.ts';
import type { Driver, DriverConnection } from '../driver/driver.ts';
import { LeveretError, TimeoutError } from '../errors/leveret-error.ts';
import { backoffDelay } from '../internal/backoff.ts';
import type { Clock, Timer } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { deferred, ignore } from '../internal/deferred.ts';
import { Listeners } from '../internal/emitter.ts';
import type { HeaderTable } from '../message/message.ts';
import { type LinkEffect, type LinkEvent, type LinkState, linkStep } from './machine.ts';
import { type ConnectionConfig, checkCredentials } from './options.ts';
import { linkStory } from './story.ts';
import type { Address } from './url.ts';

/** What a connection is doing, for users: `state` tells the records apart. */
export type ConnectionStatus =
  | { readonly state: 'connecting'; readonly attempt: number }
  | { readonly state: 'connected'; readonly host: string; readonly port: number }
  | {
      readonly state: 'blocked';
      readonly host: string;
      readonly port: number;
      /** The broker's words, such as `low on memory`. */
      readonly reason: string;
    }
  | { readonly state: 'reconnecting'; readonly attempt: number; readonly cause: LeveretError }
  | { readonly state: 'closed'; readonly cause: LeveretError | undefined };

/** Somebody who lives on the connection: a channel. */
export interface LinkMember {
  /** There is a connection. */
  linkUp(link: DriverConnection): void;
  /** There is none at present. */
  linkDown(cause: LeveretError): void;
  /** There will be none any more. */
  linkOver(cause: LeveretError | undefined): void;
  /** The broker blocks publishers, or does no longer. */
  linkBlocked(blocked: boolean): void;
}

/** Keeps one connection open: performs what the state machine asks for. */
export class Supervisor {
  /** Told each change of status. */
  readonly changes: Listeners<ConnectionStatus> = new Listeners();
  /** The user of the present connection; of the first one before it. */
  username = '';
  /** What the broker of the present connection, else of the last one, says of itself. */
  serverProperties: HeaderTable | undefined;
  readonly #config: ConnectionConfig;
  readonly #driver: Driver;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  readonly #addresses: readonly Address[];
  readonly #members = new Set<LinkMember>();
  readonly #opened = deferred({ quiet: true });
  #state: LinkState = { kind: 'connecting', phase: 'attempting', attempt: 1 };
  #link: DriverConnection | undefined;
  #address: Address;
  #lastFailure: LeveretError | undefined;
  #retry: Timer | undefined;
  /** Of the attempt that is under way. */
  #wanted = new AbortController();
  #attempts = 0;
  #frameMax: number;
  #upSince = Number.POSITIVE_INFINITY;
  /** Since when it has been in its present kind of state. */
  #since: number;
  #goodbye: Promise<void> = Promise.resolve();
  #goodbyeTimeout = 0;

  constructor(config: ConnectionConfig, driver: Driver, clock: Clock, reporter: Reporter) {
    this.#config = config;
    this.#driver = driver;
    this.#frameMax = config.frameMax;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#since = clock.now();
    this.#addresses = shuffled(config.addresses, clock);
    this.#address = this.#addressOf(0);
  }

  get status(): ConnectionStatus {
    const { host, port } = this.#address;
    const state = this.#state;
    switch (state.kind) {
      case 'connecting':
        return { state: 'connecting', attempt: state.attempt };
      case 'connected':
        return { state: 'connected', host, port };
      case 'blocked':
        return { state: 'blocked', host, port, reason: state.reason };
      case 'reconnecting':
        return { state: 'reconnecting', attempt: state.attempt, cause: state.cause };
      case 'closed':
        return { state: 'closed', cause: state.cause };
    }
  }

  /** Largest frame, as negotiated last; as it will be asked for before that. */
  get frameMax(): number {
    return this.#frameMax;
  }

  /** Gives the broker another secret for the present connection. Errors: `CONNECTION_LOST`, `TIMEOUT`, `CLOSED`. */
  async updateSecret(secret: string, reason: string, timeout: number): Promise<void> {
    const link = this.#link;
    if (this.#state.kind === 'closed') throw closedError(this.#state.cause);
    if (!link) throw new LeveretError('CONNECTION_LOST', 'there is no connection at present');
    const name = 'connection.update-secret';
    try {
      await withDeadline(link.updateSecret(secret, reason), name, timeout, this.#clock);
    } catch (error) {
      // One that does not answer this will not answer the next, which would wait behind it.
      if (error instanceof TimeoutError && this.#link === link) this.#letGo(link, error);
      const { status } = this;
      const isLost = error instanceof LeveretError && error.code === 'CONNECTION_LOST';
      throw isLost && status.state === 'closed' ? closedError(status.cause) : error;
    }
  }

  /** Connects; resolves once connected. Errors: those of `connect`. */
  async open(): Promise<void> {
    const { connectTimeout } = this.#config;
    const timer = this.#clock.after(connectTimeout, () => {
      const options = this.#lastFailure ? { cause: this.#lastFailure } : {};
      this.#happened({
        kind: 'gave up',
        error: new TimeoutError('connect', connectTimeout, options),
      });
    });
    this.#attempt();
    await this.#opened.promise.finally(() => timer.cancel());
  }

  /** Adds a channel; it is told at once where things stand. */
  join(member: LinkMember): void {
    this.#members.add(member);
    if (this.#state.kind === 'closed') member.linkOver(this.#state.cause);
    else if (this.#link) {
      member.linkBlocked(this.#state.kind === 'blocked');
      member.linkUp(this.#link);
    }
  }

  /** Takes a channel off. */
  leave(member: LinkMember): void {
    this.#members.delete(member);
  }

  /** Closes for good; resolves once the socket is gone, `timeout` milliseconds later at most. */
  async close(timeout: number = this.#config.closeTimeout): Promise<void> {
    this.#goodbyeTimeout = timeout;
    this.#happened({ kind: 'close' });
    await this.#goodbye;
  }

  #happened(event: LinkEvent): void {
    const before = this.#state;
    const { state, effects } = linkStep(before, event, this.#config);
    this.#state = state;
    this.#tell(before, event);
    for (const effect of effects) this.#perform(effect);
    if (state === before) return;
    if ((before.kind === 'blocked') !== (state.kind === 'blocked'))
      for (const member of [...this.#members]) member.linkBlocked(state.kind === 'blocked');
    // An attempt is told once, when it is known that it is coming.
    if (event.kind !== 'retry due') this.changes.emit(this.status);
  }

  /** Reports before the effects are performed: what they lead to comes after it. */
  #tell(before: LinkState, event: LinkEvent): void {
    const now = this.#clock.now();
    const context = { address: this.#address, spent: now - this.#since };
    for (const told of linkStory(before, event, this.#state, context)) this.#reporter.report(told);
    if (before.kind !== this.#state.kind) this.#since = now;
  }

  #perform(effect: LinkEffect): void {
    switch (effect) {
      case 'attempt':
        return this.#attempt();
      case 'wait':
        return this.#wait();
      case 'stop waiting':
        return this.#retry?.cancel();
      case 'up':
        return this.#up();
      case 'down':
        return this.#down();
      case 'over':
        return this.#over();
      case 'goodbye':
        this.#goodbye = this.#sayGoodbye();
        return;
      case 'discard':
        this.#link?.destroy();
        this.#link = undefined;
    }
  }

  #attempt(): void {
    this.#upSince = Number.POSITIVE_INFINITY;
    this.#wanted = new AbortController();
    // What a link tells before it is the present one is kept until it is; what an earlier one tells is not.
    const early: LinkEvent[] = [];
    let own: DriverConnection | undefined;
    const tell = (event: LinkEvent): void => {
      if (!own) early.push(event);
      else if (own === this.#link) this.#happened(event);
    };
    this.#connect(tell).then(
      (link) => {
        own = link;
        this.#link = link;
        this.#happened({ kind: 'opened' });
        for (const event of early) tell(event);
      },
      (error: unknown) => {
        this.#lastFailure = LeveretError.from(error, 'CONNECTION_FAILED');
        this.#happened({ kind: 'failed', error: this.#lastFailure });
      },
    );
  }

  async #connect(tell: (event: LinkEvent) => void): Promise<DriverConnection> {
    const { attemptTimeout: timeout } = this.#config;
    const { signal } = this.#wanted;
    this.#address = this.#addressOf(this.#attempts++);
    const given = Promise.resolve(this.#config.credentials());
    const credentials = await withDeadline(given, 'credentials', timeout, this.#clock, signal);
    checkCredentials(credentials);
    const { username, password } = credentials;
    const link = await this.#driver.connect(
      {
        ...this.#address,
        username,
        password,
        vhost: this.#config.vhost,
        tls: this.#config.tls,
        heartbeat: this.#config.heartbeat,
        frameMax: this.#config.frameMax,
        channelMax: this.#config.channelMax,
        connectionName: this.#config.name,
        timeout,
        signal,
      },
      {
        lost: (cause) => tell({ kind: 'lost', cause: connectionLost(cause), stable: this.#stable }),
        blocked: (reason) => tell({ kind: 'blocked', reason }),
        unblocked: () => tell({ kind: 'unblocked' }),
      },
    );
    this.username = username;
    return link;
  }

  /** Whether the link has lasted: one that ends sooner is no reason to try harder. */
  get #stable(): boolean {
    return this.#clock.now() - this.#upSince >= this.#config.backoff.max;
  }

  #addressOf(attempt: number): Address {
    const address = this.#addresses[attempt % this.#addresses.length];
    if (!address) throw new LeveretError('INVALID_ARGUMENT', 'there must be at least one host');
    return address;
  }

  #wait(): void {
    const delay = backoffDelay(
      'attempt' in this.#state ? Math.max(1, this.#state.attempt - 1) : 1,
      this.#config.backoff,
      this.#clock.random(),
    );
    this.#retry = this.#clock.after(delay, () => this.#happened({ kind: 'retry due' }));
  }

  /** Treats a link as lost. */
  #letGo(link: DriverConnection, cause: LeveretError): void {
    link.destroy();
    this.#happened({ kind: 'lost', cause: connectionLost(cause), stable: this.#stable });
  }

  #up(): void {
    const link = this.#link;
    if (!link) return;
    this.#upSince = this.#clock.now();
    this.#frameMax = link.frameMax;
    this.serverProperties = link.serverProperties;
    this.#opened.resolve();
    for (const member of [...this.#members]) member.linkUp(link);
  }

  #down(): void {
    this.#link = undefined;
    const cause = 'cause' in this.#state ? this.#state.cause : undefined;
    for (const member of [...this.#members]) member.linkDown(cause ?? closedError());
  }

  #over(): void {
    const cause = this.#state.kind === 'closed' ? this.#state.cause : undefined;
    this.#wanted.abort(closedError()); // an attempt under way would keep the process alive
    this.#opened.reject(cause ?? closedError());
    for (const member of [...this.#members]) member.linkOver(cause);
    this.#members.clear();
  }

  async #sayGoodbye(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    if (!link) return;
    // A broker that does not answer, or a link lost meanwhile, is no failure of closing.
    await withDeadline(link.close(), 'close', this.#goodbyeTimeout, this.#clock).catch(ignore);
    link.destroy();
  }
}

/** The error of whatever is asked of a closed connection. */
function closedError(cause?: LeveretError): LeveretError {
  return new LeveretError('CLOSED', 'the connection is closed', cause ? { cause } : {});
}

function connectionLost(cause: Error): LeveretError {
  return LeveretError.from(cause, 'CONNECTION_LOST', `the connection was lost: ${cause.message}`);
}

function shuffled<T>(items: readonly T[], clock: Clock): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(clock.random() * (index + 1));
    const [a, b] = [result[index], result[other]];
    if (a !== undefined && b !== undefined) [result[index], result[other]] = [b, a];
  }
  return result;
}

/** What a blocked connection acts on. */
export interface ThrottleHost {
  /** Stop reading, and tell the client why. */
  block(reason: string): void;
  /** Read again, and tell the client. */
  unblock(): void;
}

type ThrottleState =
  | { readonly kind: 'free' }
  /** The next publish blocks the connection: those that only consume are left alone. */
  | { readonly kind: 'alarmed'; readonly reason: string }
  | { readonly kind: 'blocked' };

/** Holds back a connection that publishes while the broker is short of a resource. */
export class Throttle {
  readonly #host: ThrottleHost;
  #state: ThrottleState = { kind: 'free' };

  constructor(host: ThrottleHost) {
    this.#host = host;
  }

  get blocked(): boolean {
    return this.#state.kind === 'blocked';
  }

  /** The alarm went on, for a reason, or off. */
  alarm(reason: string | undefined): void {
    if (reason !== undefined) {
      if (this.#state.kind !== 'blocked') this.#state = { kind: 'alarmed', reason };
      return;
    }
    const { blocked } = this;
    this.#state = { kind: 'free' };
    if (blocked) this.#host.unblock();
  }

  /** The client published. */
  published(): void {
    if (this.#state.kind !== 'alarmed') return;
    const { reason } = this.#state;
    this.#state = { kind: 'blocked' };
    this.#host.block(reason);
  }
}

/** A bound on unsettled deliveries, and how many there are. */
export class Prefetch {
  #limit: number;
  #used = 0;

  /** @param limit 0 is no bound, as in `basic.qos` */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
  }

  /** Whether one more may go out. */
  get open(): boolean {
    return this.#limit === 0 || this.#used < this.#limit;
  }

  get used(): number {
    return this.#used;
  }

  take(): void {
    this.#used += 1;
  }

  give(): void {
    this.#used -= 1;
  }
}

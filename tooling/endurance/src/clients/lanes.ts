/** How the work of a {@link Lanes} is bounded. */
export interface LanesPlan {
  /** Most pieces under way. */
  readonly width: number;
  /** How many pieces there are; `Infinity` for as many as fit. */
  readonly total: number;
  /** Whether the piece of that number may begin; asked again at `go`. */
  readonly mayStart?: (index: number) => boolean;
  /** Does one piece. Must not reject. */
  readonly work: (index: number) => Promise<void>;
  /** Called when a piece has ended. */
  readonly ended: () => void;
}

/** Does numbered pieces of work, a bounded number at once, and can be paused. */
export class Lanes {
  readonly #plan: LanesPlan;
  #next = 0;
  #underWay = 0;
  #running = false;

  constructor(plan: LanesPlan) {
    this.#plan = plan;
  }

  /** Pieces that have ended. */
  get done(): number {
    return this.#next - this.#underWay;
  }

  /** Whether nothing is under way, and nothing will be by itself. */
  get idle(): boolean {
    return this.#underWay === 0 && (!this.#running || this.complete);
  }

  /** Whether all pieces have begun. */
  get complete(): boolean {
    return this.#next >= this.#plan.total;
  }

  start(): void {
    this.#running = true;
    this.go();
  }

  pause(): void {
    this.#running = false;
  }

  /** Begins what may begin. */
  go(): void {
    const { width, mayStart, work, ended } = this.#plan;
    while (
      this.#running &&
      this.#underWay < width &&
      !this.complete &&
      (mayStart?.(this.#next) ?? true)
    ) {
      this.#underWay += 1;
      void work(this.#next++).then(() => {
        this.#underWay -= 1;
        ended();
      });
    }
  }
}

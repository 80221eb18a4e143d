/** What became of the tasks of a worker since it was made: numbers that only grow. */
export interface WorkerCounters {
  /** Deliveries, those that came again included. */
  readonly delivered: number;
  /** Acknowledged after their handler had returned. */
  readonly succeeded: number;
  /** Put to wait for another try. */
  readonly retried: number;
  /** Put back to their queue at once. */
  readonly requeued: number;
  /** Dropped, or dead-lettered by the broker where the queue says so. */
  readonly rejected: number;
  /** Put to the dead letters of the task. */
  readonly deadLettered: number;
  /** Handlers that did not end before their `timeout`. */
  readonly timedOut: number;
}

/** Such counters, to be counted. */
export type Tally = { -readonly [Name in keyof WorkerCounters]: number };

/** All at 0. */
export function newTally(): Tally {
  return {
    delivered: 0,
    succeeded: 0,
    retried: 0,
    requeued: 0,
    rejected: 0,
    deadLettered: 0,
    timedOut: 0,
  };
}

// What the rig and the processes of the clients tell each other.

/** What a client process is given on its command line, as JSON. */
export interface ClientPlan {
  /** Addresses of the broker, of all its nodes. */
  readonly urls: readonly string[];
  /** Name of the tasks and of their queue. */
  readonly task: string;
  /** Name of the method. */
  readonly method: string;
  /** Arguments of both queues, such as the type. */
  readonly quorum: boolean;
  /** How many tasks to create, and calls to make; none is as many as fit until `finish`. */
  readonly tasks: number | undefined;
  readonly calls: number | undefined;
  /** Whether a handler is to wait until its report has left the process, because that will be killed. */
  readonly mortal: boolean;
}

/** The two kinds of client processes. */
export type Role = 'creator' | 'worker';

/** Asked of a client process. */
export type ToClient =
  | { readonly kind: 'start' }
  /** Create nothing further; say `idle` once nothing is under way. */
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** As `pause`, for good. */
  | { readonly kind: 'finish' }
  /** Collect garbage and say how much is left. */
  | { readonly kind: 'weigh' }
  /** Close everything, and end. */
  | { readonly kind: 'close' };

/** Told by a client process. */
export type FromClient =
  | { readonly kind: 'ready' }
  | Batch
  | { readonly kind: 'idle' }
  | { readonly kind: 'weight'; readonly heapUsed: number; readonly rss: number }
  /** Something that must not happen. */
  | { readonly kind: 'problem'; readonly text: string }
  /** Everything is closed; the process ends by itself now. */
  | { readonly kind: 'closed'; readonly took: number };

/** Reports on their way: `RECORD` numbers for each. */
export interface Batch {
  readonly kind: 'batch';
  readonly records: Float64Array;
  /** Events of the library since the last batch, by type. */
  readonly events: Readonly<Record<string, number>>;
}

/** Numbers of a record: what, the index of the message, when, and a detail. */
export const RECORD = 4;

/** What a record tells. */
export const WHAT = {
  taskCreated: 0,
  taskConfirmed: 1,
  /** The detail is the number of the outcome. */
  taskRetried: 2,
  taskRefused: 3,
  /** The detail is 1 if it was redelivered. */
  taskDelivered: 4,
  taskHandled: 5,
  callCreated: 6,
  /** The detail is the number of the outcome. */
  callSettled: 7,
  /** The index is the number of the stream. */
  lost: 8,
  callExecuted: 9,
} as const;

/** The connections of the clients, by what comes on them; losses are told by their index. */
export const STREAMS = ['confirm', 'delivery', 'caller', 'callee'] as const;

/** One of {@link STREAMS}. */
export type StreamName = (typeof STREAMS)[number];

/** Milliseconds of a clock that all processes of this machine share. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

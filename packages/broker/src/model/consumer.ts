import type { Table } from '../base/field.ts';
import type { Entry } from './message.ts';

/** A consumer as its queue sees it; a channel implements it. */
export interface Consumer {
  readonly tag: string;
  /** Deliveries count as acknowledged at once. */
  readonly noAck: boolean;
  /** No other consumer may be on the queue. */
  readonly exclusive: boolean;
  /** Higher ones are served first, while they take messages (argument `x-priority`). */
  readonly priority: number;
  readonly arguments: Table;
  /** Whether it takes a message now. Once it said no, the queue does not ask again until `resume`. */
  ready(): boolean;
  /** Hands a message over. Called only right after `ready()` said yes. */
  deliver(entry: Entry): void;
  /** The queue is gone: no more deliveries will come. */
  cancelled(): void;
}

/** Something that owns exclusive queues: a connection. Compared by identity. */
export interface Owner {
  /** For messages and `inspect()`. */
  readonly name: string;
}

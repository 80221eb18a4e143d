import type { Entry } from '../message.ts';

/** The messages of a queue that wait, in the order in which they go out. */
export interface Ready {
  readonly size: number;
  /** The entry that goes out next. */
  readonly first: Entry | undefined;
  /** Takes the entry that goes out next. */
  shift(): Entry | undefined;
  /** A new message, with a position behind all others. */
  push(entry: Entry): void;
  /** Entries that were handed out come back, in the order of their delivery. */
  putBack(entries: readonly Entry[]): void;
}

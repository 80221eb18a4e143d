import type { Consumer } from '../consumer.ts';
import type { Entry } from '../message.ts';

/** The consumers of a queue, and whose turn it is. */
export interface Dispatch {
  /** In the order in which they came. */
  readonly consumers: ReadonlySet<Consumer>;
  /** The one that alone gets messages; undefined where all do. */
  readonly active: Consumer | undefined;
  add(consumer: Consumer): void;
  /** Returns whether it was there. */
  remove(consumer: Consumer): boolean;
  /** A consumer that said not to be ready is to be asked again. Returns false where it never said so. */
  resume(consumer: Consumer): boolean;
  /** The consumer that the next message goes to, which is ready; undefined where none is. */
  next(): Consumer | undefined;
  /** The consumer that `next` gave got a message that it is to settle. */
  handed(entry: Entry): void;
  /** That message is settled, or came back. Returns whether this makes another consumer active. */
  settled(entry: Entry): boolean;
}

import type { Clock } from '../../base/clock.ts';
import type { ProfileRules } from '../../base/profile.ts';
import type { Message } from '../message.ts';
import type { Queue } from './queue.ts';

/** What a queue needs of the virtual host that it lies in. */
export interface QueueHost {
  readonly clock: Clock;
  readonly rules: ProfileRules;
  /**
   * Publishes a message that died in a queue to `message.exchange`, by its routing key and `cc`. A missing exchange
   * and a message without a route are no errors: the message is gone. Called in the midst of a queue's work, also while
   * another letter is on its way, so it must not publish at once but put the letter on a `WorkList`.
   *
   * @param mayReach whether the message may go to the queue of that name: not where it would run in a circle
   */
  deadLetter(message: Message, mayReach: (queue: string) => boolean): void;
  /** The last consumer of an auto-delete queue left, or the queue was unused for the time of `x-expires`: delete it. */
  unused(queue: Queue): void;
  /** The depth or the consumers of the queue changed. Called often. */
  changed(queue: Queue): void;
  /** A message was stored that holds so many bytes of memory. */
  take(bytes: number): void;
  /** It is gone. */
  give(bytes: number): void;
}

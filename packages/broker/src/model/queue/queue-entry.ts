import type { Entry, Message } from '../message.ts';

/** What an entry costs in memory beyond its content, in bytes: a round figure on the safe side. */
const OVERHEAD = 512;

/** The bytes that a message in a queue counts for. */
export function bytesOf(message: Message): number {
  return message.content.byteLength + OVERHEAD;
}

/** A message in a queue. */
export class QueueEntry implements Entry {
  readonly message: Message;
  readonly position: number;
  readonly expiresAt: number | undefined;
  redelivered = false;
  deliveryCount = 0;
  acquiredCount = 0;
  fetched = false;

  constructor(message: Message, position: number, expiresAt: number | undefined) {
    this.message = message;
    this.position = position;
    this.expiresAt = expiresAt;
  }

  /** The same at another place. */
  static moved(entry: Entry, position: number): QueueEntry {
    const moved = new QueueEntry(entry.message, position, entry.expiresAt);
    moved.redelivered = entry.redelivered;
    moved.deliveryCount = entry.deliveryCount;
    moved.acquiredCount = entry.acquiredCount;
    moved.fetched = entry.fetched;
    return moved;
  }
}

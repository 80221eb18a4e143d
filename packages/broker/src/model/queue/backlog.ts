import type { Clock } from '../../base/clock.ts';
import type { Entry, Message } from '../message.ts';
import { Alarm } from './alarm.ts';
import type { DeathReason } from './dead-letter.ts';
import { LengthLimit } from './length-limit.ts';
import type { QueueArguments } from './queue-arguments.ts';
import { QueueEntry } from './queue-entry.ts';
import type { Ready } from './ready.ts';
import { readyStore } from './ready-store.ts';

/** What a backlog asks of its queue. */
export interface BacklogHost {
  readonly clock: Clock;
  /** An entry has gone. */
  dropped(entry: Entry, reason: DeathReason): void;
  /** The entry at the head may have expired: `trim` is due. */
  expired(): void;
}

/** The messages of a queue that wait, within the limits of its length and of their time to live. */
export class Backlog {
  readonly #host: BacklogHost;
  readonly #messageTtl: number | undefined;
  readonly #ready: Ready;
  readonly #limit: LengthLimit | undefined;
  /** Rings when the message at the head expires. */
  readonly #expiry: Alarm;
  #nextPosition = 0;

  constructor(args: QueueArguments, host: BacklogHost) {
    this.#host = host;
    this.#messageTtl = args.messageTtl;
    this.#ready = readyStore(args);
    const isLimited = args.maxLength !== undefined || args.maxLengthBytes !== undefined;
    this.#limit = isLimited ? new LengthLimit(args) : undefined;
    this.#expiry = new Alarm(host.clock, () => host.expired());
  }

  get size(): number {
    return this.#ready.size;
  }

  /** Whether there is no room for the message, on a queue that then refuses it. */
  refuses(message: Message): boolean {
    return this.#limit?.refuses(message) === true;
  }

  /** The entry of a new message. Its place is at the tail, but it is not put there. */
  entryOf(message: Message): Entry {
    const entry = new QueueEntry(message, this.#nextPosition, this.#deadlineOf(message));
    this.#nextPosition += 1;
    return entry;
  }

  /** Puts the entry of a new message at the tail. */
  push(entry: Entry): void {
    this.#ready.push(entry);
    this.#limit?.add(entry.message);
  }

  /** Takes the entry at the head. */
  shift(): Entry | undefined {
    const entry = this.#ready.shift();
    if (entry !== undefined) this.#limit?.remove(entry.message);
    return entry;
  }

  /** Puts entries back that were taken, to where they belong. */
  putBack(entries: readonly Entry[]): void {
    this.#ready.putBack(entries);
    for (const entry of entries) this.#limit?.add(entry.message);
  }

  /** Puts entries that were taken at the tail, as if they were new. */
  pushAgain(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.push(QueueEntry.moved(entry, this.#nextPosition));
      this.#nextPosition += 1;
    }
  }

  /** Drops what is too much, and what has expired at the head. To be called whenever the head changes. */
  trim(): void {
    while (this.#limit?.exceeded === true) this.#drop('maxlen');
    for (let { first } = this.#ready; first?.expiresAt !== undefined; { first } = this.#ready) {
      if (first.expiresAt > this.#host.clock.now()) {
        this.#expiry.bringForwardTo(first.expiresAt);
        break;
      }
      this.#drop('expired');
    }
  }

  /** Messages expire no more. */
  dispose(): void {
    this.#expiry.clear();
  }

  #drop(reason: DeathReason): void {
    const entry = this.shift();
    if (entry !== undefined) this.#host.dropped(entry, reason);
  }

  /** When the message expires: after its own time to live or that of the queue, whichever is shorter. */
  #deadlineOf({ expiration }: Message): number | undefined {
    const ttl = shorter(expiration, this.#messageTtl);
    return ttl === undefined ? undefined : this.#host.clock.now() + ttl;
  }
}

function shorter(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined || a < b ? a : b;
}

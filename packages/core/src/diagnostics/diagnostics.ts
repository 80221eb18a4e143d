import { type Channel, channel } from 'node:diagnostics_channel';
import { Listeners } from '../internal/emitter.ts';
import { eventTypes, type LeveretEvent, type LeveretEventType } from './events.ts';
import { type Logger, logEvent } from './logger.ts';

/** What the channels of `node:diagnostics_channel` are published. */
export interface DiagnosticsMessage<Event extends LeveretEvent = LeveretEvent> {
  /** Whose event it is. */
  readonly connection: ConnectionIdentity;
  /** What happened. */
  readonly event: Event;
}

/** A connection, to those who see those of the whole process. It is the same object each time. */
export interface ConnectionIdentity {
  /** Counts the connections of the process, from 1. */
  readonly id: number;
  /** The option `name` of the connection. */
  readonly name: string | undefined;
}

/** Where events go. */
export interface Reporter {
  /** Whether anybody hears of such events: one that nobody hears need not be made. */
  hears(type: LeveretEventType): boolean;
  /** Tells whoever listens. */
  report(event: LeveretEvent): void;
}

/** Before the type of the event, in the names of the channels of `node:diagnostics_channel`. */
const PREFIX = 'leveret:';

/** Held here, since Node forgets channels that nobody holds. */
const CHANNELS: ReadonlyMap<string, Channel> = new Map(
  Object.keys(eventTypes).map((type) => [type, channel(`${PREFIX}${type}`)]),
);

let connections = 0;

/** The events of one connection: to its listeners, to its logger, and to the process. */
export class Diagnostics implements Reporter {
  readonly listeners: Listeners<LeveretEvent> = new Listeners();
  readonly #identity: ConnectionIdentity;

  constructor(name: string | undefined, logger: Logger | undefined) {
    this.#identity = Object.freeze({ id: ++connections, name });
    if (logger) this.listeners.add((event) => logEvent(logger, event, name));
  }

  hears(type: LeveretEventType): boolean {
    return this.listeners.any || CHANNELS.get(type)?.hasSubscribers === true;
  }

  report(event: LeveretEvent): void {
    this.listeners.emit(event);
    const published = CHANNELS.get(event.type);
    if (published?.hasSubscribers) published.publish({ connection: this.#identity, event });
  }
}

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
  /** Whether anybody wants such an event. One that nobody wants is counted by that and need not be made. */
  wants(type: LeveretEventType): boolean;
  /** Counts it, and tells whoever listens. */
  report(event: LeveretEvent): void;
}

/** Before the type of the event, in the names of the channels of `node:diagnostics_channel`. */
const PREFIX = 'leveret:';

/** Held here, since Node forgets channels that nobody holds. */
const CHANNELS: ReadonlyMap<string, Channel> = new Map(
  Object.keys(eventTypes).map((type) => [type, channel(`${PREFIX}${type}`)]),
);

/** How often each type of event happened. */
export type EventCounters = Readonly<Record<LeveretEventType, number>>;

let connections = 0;

/** The events of one connection: to its listeners, to its logger, and to the process. */
export class Diagnostics implements Reporter {
  readonly listeners: Listeners<LeveretEvent> = new Listeners();
  readonly #identity: ConnectionIdentity;
  readonly #counters = newCounters();

  constructor(name: string | undefined, logger: Logger | undefined) {
    this.#identity = Object.freeze({ id: ++connections, name });
    if (logger) this.listeners.add((event) => logEvent(logger, event, name));
  }

  /** How often each type of event happened so far. */
  get counters(): EventCounters {
    return { ...this.#counters };
  }

  wants(type: LeveretEventType): boolean {
    if (this.listeners.any || CHANNELS.get(type)?.hasSubscribers === true) return true;
    this.#counters[type] += 1;
    return false;
  }

  report(event: LeveretEvent): void {
    this.#counters[event.type] += 1;
    this.listeners.emit(event);
    const published = CHANNELS.get(event.type);
    if (published?.hasSubscribers) published.publish({ connection: this.#identity, event });
  }
}

function newCounters(): Record<LeveretEventType, number> {
  return {
    connected: 0,
    'connect-failed': 0,
    reconnecting: 0,
    reconnected: 0,
    blocked: 0,
    unblocked: 0,
    closed: 0,
    recovered: 0,
    'recovery-failed': 0,
    'channel-closed': 0,
    returned: 0,
    nacked: 0,
    dropped: 0,
    resent: 0,
    'settle-skipped': 0,
    'consumer-cancelled': 0,
    drained: 0,
    'handler-failed': 0,
    'message-rejected': 0,
    'task-retried': 0,
    'task-dead-lettered': 0,
    'task-move-failed': 0,
    'handler-stuck': 0,
    'late-reply': 0,
    'reply-failed': 0,
  };
}

import type { LeveretError } from '../errors/leveret-error.ts';

/** How many of each were declared or started again. */
export interface Replayed {
  /** Exchanges declared. */
  readonly exchanges: number;
  /** Queues declared. */
  readonly queues: number;
  /** Bindings made. */
  readonly bindings: number;
  /** Consumers started. */
  readonly consumers: number;
}

/** A message that was published, as far as it takes to find it again. */
export interface PublishedMessage {
  /** Number of the channel on its connection, from 1. */
  readonly channel: number;
  /** Exchange that it was published to; `''` is the default exchange. */
  readonly exchange: string;
  /** Key that it was published with. */
  readonly routingKey: string;
  /** Identity of the message. */
  readonly messageId: string | undefined;
}

/** What happens to a connection. */
export type ConnectionEvent =
  /** The first connection is there. */
  | {
      readonly type: 'connected';
      readonly host: string;
      readonly port: number;
      /** Attempts that it took, from 1. */
      readonly attempts: number;
    }
  /** An attempt to connect failed, the first time or after a loss. */
  | {
      readonly type: 'connect-failed';
      readonly host: string;
      readonly port: number;
      /** Number of the attempt, from 1. */
      readonly attempt: number;
      readonly error: LeveretError;
    }
  /** The connection was lost; it is opened again. */
  | {
      readonly type: 'reconnecting';
      /** The host that was lost. */
      readonly host: string;
      readonly port: number;
      readonly cause: LeveretError;
    }
  /** The connection is there again, and so is everything on all of its channels. */
  | {
      readonly type: 'reconnected';
      readonly host: string;
      readonly port: number;
      /** From the loss until everything was back, in milliseconds. */
      readonly duration: number;
      /** Attempts to connect that it took, from 1. */
      readonly attempts: number;
      /** Channels that came back. */
      readonly channels: number;
      /** What was put back on all of them. */
      readonly replayed: Replayed;
      /** Publishes sent again on all of them. */
      readonly resent: number;
    }
  /** The broker takes no more from this connection, for want of memory or disk. */
  | {
      readonly type: 'blocked';
      /** The broker's words, such as `low on memory`. */
      readonly reason: string;
    }
  /** It does again. */
  | {
      readonly type: 'unblocked';
      /** How long it was blocked, in milliseconds. */
      readonly duration: number;
    }
  /** The connection is over. */
  | {
      readonly type: 'closed';
      /** `undefined` where it was closed on purpose. */
      readonly cause: LeveretError | undefined;
    };

/** What happens to a channel. */
export type ChannelEvent =
  /** A channel is back after its connection or it itself was lost. */
  | {
      readonly type: 'recovered';
      readonly channel: number;
      /** From the loss until everything was back, in milliseconds. */
      readonly duration: number;
      readonly replayed: Replayed;
      /** Publishes sent again. */
      readonly resent: number;
    }
  /** Putting a channel back failed; it is tried again. */
  | { readonly type: 'recovery-failed'; readonly channel: number; readonly error: LeveretError }
  /** The broker closed a channel; it is put back, and whoever is to blame is told. */
  | {
      readonly type: 'channel-closed';
      readonly channel: number;
      readonly replyCode: number;
      readonly replyText: string;
    };

/** What happens to what is published. Whoever awaits the publish is told as well. */
export type PublishEvent =
  /** A mandatory message came back: it reached no queue. */
  | ({
      readonly type: 'returned';
      readonly replyCode: number;
      readonly replyText: string;
    } & PublishedMessage)
  /** The broker refused to take responsibility for a message, which may be sent again. */
  | ({ readonly type: 'nacked' } & PublishedMessage)
  /** A message was given up for any other reason, such as `TIMEOUT`, `BUFFER_FULL` or `UNCONFIRMED`. */
  | ({ readonly type: 'dropped'; readonly error: LeveretError } & PublishedMessage)
  /** Publishes that were not confirmed when their channel was lost are sent again, with the same `messageId`. */
  | {
      readonly type: 'resent';
      readonly channel: number;
      /** How many. */
      readonly count: number;
    };

/** What happens to consumers and what they are delivered. */
export type ConsumeEvent =
  /** A delivery of a channel that is gone was settled: nothing was sent, the broker delivers it again. */
  | { readonly type: 'settle-skipped'; readonly channel: number; readonly deliveryTag: number }
  /** The broker cancelled a consumer. */
  | { readonly type: 'consumer-cancelled'; readonly channel: number; readonly queue: string }
  /** A consumer that was asked to close has nothing in hand any more. */
  | {
      readonly type: 'drained';
      readonly channel: number;
      readonly queue: string;
      /** From the request to close, in milliseconds. */
      readonly duration: number;
      /** Handlers that did not end in time: their messages were put back. */
      readonly aborted: number;
    }
  /** A handler threw, and nobody else is told: of `consume`, of a task, of a call that wants no answer. */
  | { readonly type: 'handler-failed'; readonly queue: string; readonly error: LeveretError }
  /**
   * A message could not be used (its body, its type, its payload). A task was rejected without requeue; a
   * call was answered with an error.
   */
  | {
      readonly type: 'message-rejected';
      readonly queue: string;
      readonly messageId: string | undefined;
      readonly error: LeveretError;
    };

/** What happens to tasks, told by `@leveret/master`. */
export type TaskEvent =
  /** A task failed and waits for another try. */
  | {
      readonly type: 'task-retried';
      readonly queue: string;
      readonly messageId: string | undefined;
      /** The try that failed, from 1. */
      readonly attempt: number;
      /** How long it waits, in milliseconds. */
      readonly delay: number;
      readonly error: LeveretError;
    }
  /** A task was given up, and is kept with its dead letters. */
  | {
      readonly type: 'task-dead-lettered';
      readonly queue: string;
      readonly messageId: string | undefined;
      /** How often it was tried. */
      readonly attempts: number;
      /** Why, such as `attempts` or `rejected`. */
      readonly reason: string;
      readonly error: LeveretError;
    }
  /** A task could not be moved to where it should wait: it goes back to its queue. */
  | {
      readonly type: 'task-move-failed';
      readonly queue: string;
      readonly messageId: string | undefined;
      readonly error: LeveretError;
    }
  /** A handler goes on although its time is over and its task is settled. */
  | {
      readonly type: 'handler-stuck';
      readonly queue: string;
      readonly messageId: string | undefined;
      /** What the handler had, in milliseconds. */
      readonly timeout: number;
    };

/** What happens to calls. */
export type CallEvent =
  /** A reply came for a call that is not waiting: it timed out, was aborted, or never was. */
  | { readonly type: 'late-reply'; readonly correlationId: string | undefined }
  /** A reply could not be sent to a caller. */
  | { readonly type: 'reply-failed'; readonly method: string; readonly error: LeveretError };

/**
 * Something that happened and that nobody need await: what would otherwise be silent. Each is a small record
 * told apart by `type`; {@link eventTypes} says what each means.
 */
export type LeveretEvent =
  | ConnectionEvent
  | ChannelEvent
  | PublishEvent
  | ConsumeEvent
  | TaskEvent
  | CallEvent;

/** The closed set of types of events. */
export type LeveretEventType = LeveretEvent['type'];

/** How much an event matters to whoever reads a log. */
export type EventLevel = 'debug' | 'info' | 'warn' | 'error';

/** What is known about one type of event. */
export interface EventTypeEntry {
  /** The level that it is logged at. */
  readonly level: EventLevel;
  /** What happened, in one line: also the message of its log record. */
  readonly meaning: string;
}

/** Every type of event with its level in a log and its meaning, as documented data. */
export const eventTypes: Readonly<Record<LeveretEventType, EventTypeEntry>> = {
  connected: { level: 'info', meaning: 'connected' },
  'connect-failed': { level: 'warn', meaning: 'an attempt to connect failed' },
  reconnecting: { level: 'warn', meaning: 'the connection was lost, reconnecting' },
  reconnected: { level: 'info', meaning: 'reconnected, and everything is back' },
  blocked: { level: 'warn', meaning: 'the broker blocks publishers' },
  unblocked: { level: 'info', meaning: 'the broker does not block publishers any more' },
  closed: { level: 'info', meaning: 'the connection is closed' },
  recovered: { level: 'debug', meaning: 'a channel is back' },
  'recovery-failed': { level: 'error', meaning: 'a channel could not be put back, trying again' },
  'channel-closed': { level: 'error', meaning: 'the broker closed a channel' },
  returned: { level: 'warn', meaning: 'a mandatory message reached no queue' },
  nacked: { level: 'warn', meaning: 'the broker refused a message' },
  dropped: { level: 'warn', meaning: 'a message to be published was given up' },
  resent: { level: 'info', meaning: 'messages that were not confirmed are sent again' },
  'settle-skipped': { level: 'debug', meaning: 'a delivery of a lost channel was settled' },
  'consumer-cancelled': { level: 'warn', meaning: 'the broker cancelled a consumer' },
  drained: { level: 'debug', meaning: 'a closing consumer has nothing in hand any more' },
  'handler-failed': { level: 'error', meaning: 'a handler failed' },
  'message-rejected': { level: 'error', meaning: 'a message could not be used' },
  'task-retried': { level: 'warn', meaning: 'a task failed and waits for another try' },
  'task-dead-lettered': { level: 'error', meaning: 'a task was given up, and is kept' },
  'task-move-failed': { level: 'error', meaning: 'a task could not be moved, it goes back' },
  'handler-stuck': { level: 'error', meaning: 'a handler goes on although its time is over' },
  'late-reply': { level: 'debug', meaning: 'a reply came for a call that does not wait' },
  'reply-failed': { level: 'error', meaning: 'a reply could not be sent' },
};

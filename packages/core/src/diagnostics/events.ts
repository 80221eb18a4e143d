import type { LeveretError } from '../errors/leveret-error.ts';

/**
 * Something that happened and that nobody awaits: what would otherwise be silent. Each is a small record
 * told apart by `type`.
 */
export type LeveretEvent =
  /** A channel is back after its connection or it itself was lost. */
  | {
      readonly type: 'recovered';
      readonly channel: number;
      /** From the loss until everything was back, in milliseconds. */
      readonly duration: number;
      /** Exchanges, queues and bindings declared again, and consumers started again. */
      readonly replayed: number;
      /** Publishes sent again. */
      readonly resent: number;
    }
  /** The broker closed a channel; it is put back, and whoever is to blame is told. */
  | {
      readonly type: 'channel-closed';
      readonly channel: number;
      readonly replyCode: number;
      readonly replyText: string;
    }
  /** Putting a channel back failed; it is tried again. */
  | { readonly type: 'recovery-failed'; readonly channel: number; readonly error: LeveretError }
  /** A delivery of a channel that is gone was settled: nothing was sent, the broker delivers it again. */
  | { readonly type: 'settle-skipped'; readonly channel: number; readonly deliveryTag: number }
  /** The broker cancelled a consumer. */
  | { readonly type: 'consumer-cancelled'; readonly channel: number; readonly queue: string }
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
    }
  /** A reply came for a call that is not waiting: it timed out, was aborted, or never was. */
  | { readonly type: 'late-reply'; readonly correlationId: string | undefined }
  /** A reply could not be sent to a caller. */
  | { readonly type: 'reply-failed'; readonly method: string; readonly error: LeveretError };

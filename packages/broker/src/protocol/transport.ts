import type { FrameWriter } from '../wire/frame-writer.ts';

/** The socket of a connection as the protocol sees it. */
export interface Transport {
  /** Both ends, such as `127.0.0.1:51034 -> 127.0.0.1:5672`. */
  readonly name: string;
  /** Where frames are written. */
  readonly out: FrameWriter;
  /** Says that there is something in `out`; it is sent at the end of the turn. */
  wrote(): void;
  /** Whether the peer reads what it was sent, so that more deliveries make sense. */
  readonly writable: boolean;
  /** Whether bytes are read from the peer at present. */
  readonly reading: boolean;
  /** Bytes that were sent, and that came, since the beginning. */
  readonly bytesWritten: number;
  readonly bytesRead: number;
  /** Stops reading, until `resume`. */
  pause(): void;
  resume(): void;
  /** Sends what is in `out`, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

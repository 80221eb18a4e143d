import type { Clock } from '../base/clock.ts';
import type { BrokerModel } from '../model/broker-model.ts';
import type { DirectReplies } from './direct-replies.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Traffic } from './traffic.ts';

/** Bounds of connections. */
export interface ConnectionLimits {
  /** Channels that a connection may have open. */
  readonly channelMax: number;
  /** The largest frame, in bytes. */
  readonly frameMax: number;
  /** Seconds between heartbeats that are proposed; 0 is none. */
  readonly heartbeat: number;
  /** How long a client may take from connecting to `connection.open`, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** The largest body, in bytes. */
  readonly maxMessageSize: number;
}

/** What all connections of a broker share. */
export interface BrokerContext {
  readonly model: BrokerModel;
  /** Time on the link to a client: heartbeats and deadlines. What expires in the model has the clock of that. */
  readonly linkClock: Clock;
  readonly limits: ConnectionLimits;
  readonly replies: DirectReplies;
  readonly faults: FaultPlan;
  readonly traffic: Traffic;
  /** Why publishers are held back at present; undefined while they are not. */
  readonly alarm: string | undefined;
  /**
   * Counts a connection that wants to open.
   *
   * @throws AmqpError 530 when there are as many as may be
   */
  admit(): void;
}

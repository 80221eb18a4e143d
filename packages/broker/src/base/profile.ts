/** The version of RabbitMQ that the broker behaves like, where versions differ. */
export type Profile = '3.10' | '4.0' | '4.3';

/** What differs between versions of RabbitMQ. */
export interface ProfileRules {
  /** What the broker says its version is. */
  readonly version: string;
  /** The largest body that is accepted, in bytes. */
  readonly maxMessageSize: number;
  /** The smallest `frame_max` that a client may agree to, in bytes. */
  readonly minFrameMax: number;
  /** Whether queues that are neither durable nor exclusive may be declared. */
  readonly transientQueues: boolean;
  /** How often a message of a quorum queue may come back, unless the queue says; undefined is for ever. */
  readonly deliveryLimit: number | undefined;
  /** Whether `basic.nack` with requeue counts towards the delivery limit, as `basic.reject` does. */
  readonly nackCounts: boolean;
  /** Whether messages that come back from a quorum queue carry `x-acquired-count`. */
  readonly acquiredCount: boolean;
  /** How many priorities quorum queues tell apart. */
  readonly quorumPriorities: number;
  /**
   * What `basic.qos` with `global` bounds: the deliveries of a channel together, which quorum queues do not support, or
   * those of each consumer, as without it.
   */
  readonly globalQos: 'channel' | 'consumer';
  /** How an exchange of an unknown type is refused: 503 ends the connection, 406 the channel. */
  readonly unknownExchangeType: 503 | 406;
  /** Whether an `x-death` header written by a publisher is kept and added to. */
  readonly clientDeaths: boolean;
}

/**
 * The rules of each profile, as measured on RabbitMQ 3.10.8, 4.0.5 and 4.3.6, with one exception: 4.3 lets its
 * operator choose whether queues may be neither durable nor exclusive; its profile refuses them, so that what works here
 * works on either.
 */
export const profiles: Readonly<Record<Profile, ProfileRules>> = {
  '3.10': {
    version: '3.10.8',
    maxMessageSize: 134_217_728,
    minFrameMax: 4096,
    transientQueues: true,
    deliveryLimit: undefined,
    nackCounts: true,
    acquiredCount: false,
    quorumPriorities: 1,
    globalQos: 'channel',
    unknownExchangeType: 503,
    clientDeaths: true,
  },
  '4.0': {
    version: '4.0.5',
    maxMessageSize: 16_777_216,
    minFrameMax: 4096,
    transientQueues: true,
    deliveryLimit: 20,
    nackCounts: true,
    acquiredCount: false,
    quorumPriorities: 2,
    globalQos: 'channel',
    unknownExchangeType: 406,
    clientDeaths: false,
  },
  '4.3': {
    version: '4.3.6',
    maxMessageSize: 16_777_216,
    minFrameMax: 8192,
    transientQueues: false,
    deliveryLimit: 20,
    nackCounts: false,
    acquiredCount: true,
    quorumPriorities: 32,
    globalQos: 'consumer',
    unknownExchangeType: 406,
    clientDeaths: false,
  },
};

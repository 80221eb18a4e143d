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
  /** Whether `basic.get` tells of a message of a quorum queue that it has come back 0 times. */
  readonly getCountsFirst: boolean;
  /** How many priorities quorum queues tell apart. */
  readonly quorumPriorities: number;
  /**
   * Whether the single active consumer of a quorum queue gives way to one of a higher priority. Where it ends
   * by giving its last message back, 4.0.5 delivers nothing any more, not even what is published later. That is not
   * imitated: the next one gets it, as on 4.3.6.
   */
  readonly singleActiveByPriority: boolean;
  /**
   * What `basic.qos` with `global` bounds: the deliveries of a channel together, which quorum queues do not support, or
   * those of each consumer, as without it.
   */
  readonly globalQos: 'channel' | 'consumer';
  /** What a client of another protocol is answered with: from 4.0 on the header of AMQP 1.0 with SASL. */
  readonly otherProtocols: 'amqp-0-9-1' | 'amqp-1.0';
  /** How a body is refused that is longer than its header said. */
  readonly bodyExcess: 501 | 505;
  /** Whether a delivery mode other than 1 and 2 is refused. */
  readonly checksDeliveryMode: boolean;
  /** Whether headers go on in the order of their names, instead of as they came. */
  readonly sortsHeaders: boolean;
  /** Whether an `expiration` such as `+060` goes on as `60`. */
  readonly rewritesExpiration: boolean;
  /** When a message in a transaction finds its queues. */
  readonly transactionsRoute: 'at commit' | 'at publish';
  /** Whether a mandatory message to an address of direct reply-to comes back, though it arrives. */
  readonly returnsReplies: boolean;
  /** How many words of a topic pattern may be `#`. */
  readonly topicHashes: number;
  /**
   * How headers exchanges compare numbers: by value alone; or by kind too, so that a whole number is never equal to a
   * fraction, and the header of a message that is a timestamp counts as its milliseconds.
   */
  readonly headerNumbers: 'by value' | 'by kind';
  /** What `x-max-priority` 0 is taken for. */
  readonly leastMaxPriority: 0 | 1;
  /** Which set of queue arguments is known. */
  readonly queueArguments: Profile;
  /** Whether `x-queue-type` may be empty, which is classic. */
  readonly emptyQueueType: boolean;
  /** Whether `x-queue-master-locator` is permitted. */
  readonly masterLocators: boolean;
  /** How an exchange of an unknown type is refused: 503 ends the connection, 406 the channel. */
  readonly unknownExchangeType: 503 | 406;
  /** Whether an `x-death` header written by a publisher is kept and added to. */
  readonly clientDeaths: boolean;
  /** Whether dead letters carry `x-last-death-*`. */
  readonly lastDeaths: boolean;
  /** Whether a dead letter counts on from how often its delivery failed before it died, rejects included. */
  readonly lettersKeepCount: boolean;
  /** Whether a dead letter keeps the header `CC` where its queue gives it another routing key. */
  readonly keepsCc: boolean;
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
    getCountsFirst: true,
    quorumPriorities: 1,
    singleActiveByPriority: false,
    globalQos: 'channel',
    otherProtocols: 'amqp-0-9-1',
    bodyExcess: 505,
    checksDeliveryMode: true,
    sortsHeaders: false,
    rewritesExpiration: false,
    transactionsRoute: 'at commit',
    returnsReplies: true,
    topicHashes: Number.POSITIVE_INFINITY,
    headerNumbers: 'by value',
    leastMaxPriority: 0,
    queueArguments: '3.10',
    emptyQueueType: false,
    masterLocators: true,
    unknownExchangeType: 503,
    clientDeaths: true,
    lastDeaths: false,
    lettersKeepCount: false,
    keepsCc: false,
  },
  '4.0': {
    version: '4.0.5',
    maxMessageSize: 16_777_216,
    minFrameMax: 4096,
    transientQueues: true,
    deliveryLimit: 20,
    nackCounts: true,
    acquiredCount: false,
    getCountsFirst: false,
    quorumPriorities: 2,
    singleActiveByPriority: true,
    globalQos: 'channel',
    otherProtocols: 'amqp-1.0',
    bodyExcess: 505,
    checksDeliveryMode: false,
    sortsHeaders: true,
    rewritesExpiration: true,
    transactionsRoute: 'at publish',
    returnsReplies: true,
    topicHashes: Number.POSITIVE_INFINITY,
    headerNumbers: 'by kind',
    leastMaxPriority: 1,
    queueArguments: '4.0',
    emptyQueueType: false,
    masterLocators: true,
    unknownExchangeType: 406,
    clientDeaths: false,
    lastDeaths: true,
    lettersKeepCount: false,
    keepsCc: true,
  },
  '4.3': {
    version: '4.3.6',
    maxMessageSize: 16_777_216,
    minFrameMax: 8192,
    transientQueues: false,
    deliveryLimit: 20,
    nackCounts: false,
    acquiredCount: true,
    getCountsFirst: false,
    quorumPriorities: 32,
    singleActiveByPriority: true,
    globalQos: 'consumer',
    otherProtocols: 'amqp-1.0',
    bodyExcess: 501,
    checksDeliveryMode: false,
    sortsHeaders: true,
    rewritesExpiration: true,
    transactionsRoute: 'at publish',
    returnsReplies: false,
    topicHashes: 2,
    headerNumbers: 'by kind',
    leastMaxPriority: 1,
    queueArguments: '4.3',
    emptyQueueType: true,
    masterLocators: false,
    unknownExchangeType: 406,
    clientDeaths: false,
    lastDeaths: true,
    lettersKeepCount: true,
    keepsCc: true,
  },
};

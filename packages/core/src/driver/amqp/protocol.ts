/**
 * Method ids: the class id in the upper 16 bits, the method id in the lower (AMQP 0-9-1 specification, section 1; those of
 * RabbitMQ: https://www.rabbitmq.com/amqp-0-9-1-reference).
 */
export const METHOD = {
  connectionClose: 0x000a_0032,
  connectionCloseOk: 0x000a_0033,
  connectionBlocked: 0x000a_003c,
  connectionUnblocked: 0x000a_003d,
  connectionUpdateSecret: 0x000a_0046,
  connectionUpdateSecretOk: 0x000a_0047,
  channelOpen: 0x0014_000a,
  channelOpenOk: 0x0014_000b,
  channelClose: 0x0014_0028,
  channelCloseOk: 0x0014_0029,
  exchangeDeclare: 0x0028_000a,
  exchangeDeclareOk: 0x0028_000b,
  exchangeDelete: 0x0028_0014,
  exchangeDeleteOk: 0x0028_0015,
  exchangeBind: 0x0028_001e,
  exchangeBindOk: 0x0028_001f,
  exchangeUnbind: 0x0028_0028,
  exchangeUnbindOk: 0x0028_0033,
  queueDeclare: 0x0032_000a,
  queueDeclareOk: 0x0032_000b,
  queueBind: 0x0032_0014,
  queueBindOk: 0x0032_0015,
  queuePurge: 0x0032_001e,
  queuePurgeOk: 0x0032_001f,
  queueDelete: 0x0032_0028,
  queueDeleteOk: 0x0032_0029,
  queueUnbind: 0x0032_0032,
  queueUnbindOk: 0x0032_0033,
  basicQos: 0x003c_000a,
  basicQosOk: 0x003c_000b,
  basicConsume: 0x003c_0014,
  basicConsumeOk: 0x003c_0015,
  basicCancel: 0x003c_001e,
  basicCancelOk: 0x003c_001f,
  basicPublish: 0x003c_0028,
  basicReturn: 0x003c_0032,
  basicDeliver: 0x003c_003c,
  basicGet: 0x003c_0046,
  basicGetOk: 0x003c_0047,
  basicGetEmpty: 0x003c_0048,
  basicAck: 0x003c_0050,
  basicReject: 0x003c_005a,
  basicNack: 0x003c_0078,
  confirmSelect: 0x0055_000a,
  confirmSelectOk: 0x0055_000b,
  txSelect: 0x005a_000a,
  txSelectOk: 0x005a_000b,
  txCommit: 0x005a_0014,
  txCommitOk: 0x005a_0015,
  txRollback: 0x005a_001e,
  txRollbackOk: 0x005a_001f,
} as const;

/** Reply codes that have a code of their own (AMQP 0-9-1 specification, section 1.2.2). */
export const REPLY = {
  success: 200,
  connectionForced: 320,
  accessRefused: 403,
  notFound: 404,
  resourceLocked: 405,
  preconditionFailed: 406,
  notAllowed: 530,
} as const;

/** Types of frames (AMQP 0-9-1 specification, section 4.2.3). */
export const FRAME = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

/** Bytes before the payload of a frame: type, channel, size; and around it, with the byte that closes the frame. */
export const FRAME_PREFIX = 7;
export const AROUND_PAYLOAD = 8;

/** The byte that closes a frame. */
export const FRAME_END = 0xce;

/** The class that messages are of. */
export const CLASS_BASIC = 60;

/**
 * The properties of a message, by the flag that says in a content header that it has one (AMQP 0-9-1 specification, section 4.2.6.1).
 * They stand in this order.
 */
export const PROPERTY = {
  contentType: 0x8000,
  contentEncoding: 0x4000,
  headers: 0x2000,
  deliveryMode: 0x1000,
  priority: 0x0800,
  correlationId: 0x0400,
  replyTo: 0x0200,
  expiration: 0x0100,
  messageId: 0x0080,
  timestamp: 0x0040,
  type: 0x0020,
  userId: 0x0010,
  appId: 0x0008,
  clusterId: 0x0004,
} as const;

/** The smallest `frame-max` that peers may agree on, in bytes (AMQP 0-9-1 specification, section 1.1: `frame-min-size`). */
export const LEAST_FRAME_MAX = 4096;

/**
 * The largest content header that is taken, in bytes, whatever was agreed: RabbitMQ delivers headers that outgrew their
 * frame, such as by `x-death`.
 */
export const LARGEST_HEADER = 1_048_576;

/** The largest value of RabbitMQ's `max_message_size`, in bytes: https://www.rabbitmq.com/docs/configure. */
export const LARGEST_BODY = 536_870_912;

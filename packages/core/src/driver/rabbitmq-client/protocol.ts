/**
 * Method ids as the driver writes them: the class id in the upper 16 bits, the method id in the lower (AMQP 0-9-1 specification, section 1).
 */
export const METHOD = {
  connectionClose: 0x000a_0032,
  connectionBlocked: 0x000a_003c,
  connectionUnblocked: 0x000a_003d,
  channelOpenOk: 0x0014_000b,
  channelClose: 0x0014_0028,
  channelCloseOk: 0x0014_0029,
  exchangeDeclare: 0x0028_000a,
  exchangeDelete: 0x0028_0014,
  exchangeBind: 0x0028_001e,
  exchangeUnbind: 0x0028_0028,
  queueDeclare: 0x0032_000a,
  queueBind: 0x0032_0014,
  queuePurge: 0x0032_001e,
  queueDelete: 0x0032_0028,
  queueUnbind: 0x0032_0032,
  basicQos: 0x003c_000a,
  basicConsume: 0x003c_0014,
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
  txCommit: 0x005a_0014,
  txRollback: 0x005a_001e,
} as const;

/** Reply codes that have a code of their own (AMQP 0-9-1 specification, section 1.2.2). */
export const REPLY = {
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

/** The smallest `frame-max` that peers may agree on, in bytes (AMQP 0-9-1 specification, section 1.1: `frame-min-size`). */
export const LEAST_FRAME_MAX = 4096;

/**
 * The largest content header that is taken, in bytes, whatever was agreed: RabbitMQ delivers headers that outgrew their
 * frame, such as by `x-death`.
 */
export const LARGEST_HEADER = 1_048_576;

/** The largest value of RabbitMQ's `max_message_size`, in bytes: https://www.rabbitmq.com/docs/configure. */
export const LARGEST_BODY = 536_870_912;

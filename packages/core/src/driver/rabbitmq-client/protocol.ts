/**
 * Method ids as the driver writes them: class id × 2^16 + method id (AMQP 0-9-1 specification, section 1).
 */
export const METHOD = {
  connectionClose: (10 << 16) + 50,
  channelClose: (20 << 16) + 40,
  basicPublish: (60 << 16) + 40,
  basicReturn: (60 << 16) + 50,
  basicDeliver: (60 << 16) + 60,
  basicGetOk: (60 << 16) + 71,
  basicAck: (60 << 16) + 80,
  basicReject: (60 << 16) + 90,
  basicNack: (60 << 16) + 120,
  basicCancel: (60 << 16) + 30,
  confirmSelect: (85 << 16) + 10,
  confirmSelectOk: (85 << 16) + 11,
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

/**
 * Method ids as the driver writes them: the class id in the upper 16 bits, the method id in the lower (AMQP 0-9-1 specification, section 1).
 */
export const METHOD = {
  connectionClose: 0x000a_0032,
  channelClose: 0x0014_0028,
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
  basicPublish: 0x003c_0028,
  basicReturn: 0x003c_0032,
  basicDeliver: 0x003c_003c,
  basicGet: 0x003c_0046,
  basicGetOk: 0x003c_0047,
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

import type { ByteReader } from './byte-reader.ts';
import { type CloseFrame, ProtocolViolation } from './failures.ts';
import { METHOD } from './protocol.ts';

/** The method that announces a message to a consumer. */
interface Deliver {
  readonly id: typeof METHOD.basicDeliver;
  readonly consumerTag: string;
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routingKey: string;
}

/** The method that announces a message to whoever fetched it. */
interface GetOk {
  readonly id: typeof METHOD.basicGetOk;
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routingKey: string;
  readonly messageCount: number;
}

/** The method that announces a message which comes back. */
interface Return {
  readonly id: typeof METHOD.basicReturn;
  readonly replyCode: number;
  readonly replyText: string;
  readonly exchange: string;
  readonly routingKey: string;
}

/** A method that a message follows. */
export type Announcement = Deliver | GetOk | Return;

/** The broker's answer to publishes. */
export interface Confirm {
  readonly id: typeof METHOD.basicAck | typeof METHOD.basicNack;
  readonly deliveryTag: number;
  readonly multiple: boolean;
}

/** The methods whose fields, if they have any, say nothing. */
type Bare =
  | typeof METHOD.connectionCloseOk
  | typeof METHOD.connectionUnblocked
  | typeof METHOD.connectionUpdateSecretOk
  | typeof METHOD.channelOpenOk
  | typeof METHOD.channelCloseOk
  | typeof METHOD.exchangeDeclareOk
  | typeof METHOD.exchangeDeleteOk
  | typeof METHOD.exchangeBindOk
  | typeof METHOD.exchangeUnbindOk
  | typeof METHOD.queueBindOk
  | typeof METHOD.queueUnbindOk
  | typeof METHOD.basicQosOk
  | typeof METHOD.basicGetEmpty
  | typeof METHOD.confirmSelectOk
  | typeof METHOD.txSelectOk
  | typeof METHOD.txCommitOk
  | typeof METHOD.txRollbackOk;

const BARE: Readonly<Record<Bare, true>> = {
  [METHOD.connectionCloseOk]: true,
  [METHOD.connectionUnblocked]: true,
  [METHOD.connectionUpdateSecretOk]: true,
  [METHOD.channelOpenOk]: true,
  [METHOD.channelCloseOk]: true,
  [METHOD.exchangeDeclareOk]: true,
  [METHOD.exchangeDeleteOk]: true,
  [METHOD.exchangeBindOk]: true,
  [METHOD.exchangeUnbindOk]: true,
  [METHOD.queueBindOk]: true,
  [METHOD.queueUnbindOk]: true,
  [METHOD.basicQosOk]: true,
  [METHOD.basicGetEmpty]: true,
  [METHOD.confirmSelectOk]: true,
  [METHOD.txSelectOk]: true,
  [METHOD.txCommitOk]: true,
  [METHOD.txRollbackOk]: true,
};

function isBare(id: number): id is Bare {
  return id in BARE;
}

/** A method that a broker sends once a connection is open. */
export type Method =
  | Announcement
  | Confirm
  | { readonly id: Bare }
  | (CloseFrame & { readonly id: typeof METHOD.connectionClose | typeof METHOD.channelClose })
  | { readonly id: typeof METHOD.connectionBlocked; readonly reason: string }
  | {
      readonly id: typeof METHOD.queueDeclareOk;
      readonly queue: string;
      readonly messageCount: number;
      readonly consumerCount: number;
    }
  | {
      readonly id: typeof METHOD.queuePurgeOk | typeof METHOD.queueDeleteOk;
      readonly messageCount: number;
    }
  | {
      readonly id: typeof METHOD.basicConsumeOk | typeof METHOD.basicCancelOk;
      readonly consumerTag: string;
    }
  | {
      readonly id: typeof METHOD.basicCancel;
      readonly consumerTag: string;
      readonly noWait: boolean;
    };

/** Reads a method. Throws a `ProtocolViolation` where it is none that a broker sends, or breaks off. */
export function readMethod(reader: ByteReader): Method {
  const id = reader.long();
  switch (id) {
    case METHOD.basicDeliver:
      return {
        id,
        consumerTag: reader.shortstr(),
        deliveryTag: reader.longlong(),
        redelivered: flag(reader),
        exchange: reader.shortstr(),
        routingKey: reader.shortstr(),
      };
    case METHOD.basicAck:
    case METHOD.basicNack:
      return { id, deliveryTag: reader.longlong(), multiple: flag(reader) };
    case METHOD.basicReturn:
      return {
        id,
        replyCode: reader.short(),
        replyText: reader.shortstr(),
        exchange: reader.shortstr(),
        routingKey: reader.shortstr(),
      };
    case METHOD.basicGetOk:
      return {
        id,
        deliveryTag: reader.longlong(),
        redelivered: flag(reader),
        exchange: reader.shortstr(),
        routingKey: reader.shortstr(),
        messageCount: reader.long(),
      };
    case METHOD.basicConsumeOk:
    case METHOD.basicCancelOk:
      return { id, consumerTag: reader.shortstr() };
    case METHOD.basicCancel:
      return { id, consumerTag: reader.shortstr(), noWait: flag(reader) };
    case METHOD.queueDeclareOk:
      return {
        id,
        queue: reader.shortstr(),
        messageCount: reader.long(),
        consumerCount: reader.long(),
      };
    case METHOD.queuePurgeOk:
    case METHOD.queueDeleteOk:
      return { id, messageCount: reader.long() };
    case METHOD.connectionClose:
    case METHOD.channelClose:
      return {
        id,
        replyCode: reader.short(),
        replyText: reader.shortstr(),
        methodId: reader.long(),
      };
    case METHOD.connectionBlocked:
      return { id, reason: reader.shortstr() };
    default:
      if (isBare(id)) return { id };
      throw new ProtocolViolation(
        `the server sent the method 0x${id.toString(16)}, which is not its`,
      );
  }
}

/** The first of up to eight flags that share an octet. */
function flag(reader: ByteReader): boolean {
  return (reader.octet() & 1) !== 0;
}

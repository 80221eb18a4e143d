// For users

export type { ChannelOptions } from './channel/options.ts';
export type { ChannelStatus } from './channel/status.ts';
export type { ConsumerStatus, MessageHandler } from './channel/subscription.ts';
// For authors of codecs and patterns
export type { Codec, ContentKind } from './codec/codec.ts';
export { type Clock, systemClock, type Timer } from './internal/clock.ts';
export { type CodecOptions, CodecSet, type Decodable, type Encoded } from './codec/codec-set.ts';
export type { ConnectionOptions, ConnectTarget, Credentials } from './connection/options.ts';
export type { ConnectionStatus } from './connection/supervisor.ts';
export type {
  ConnectionIdentity,
  DiagnosticsMessage,
  EventCounters,
} from './diagnostics/diagnostics.ts';
export {
  type CallEvent,
  type ChannelEvent,
  type ConnectionEvent,
  type ConsumeEvent,
  type EventLevel,
  type EventTypeEntry,
  eventTypes,
  type LeveretEvent,
  type LeveretEventType,
  type PublishEvent,
  type PublishedMessage,
  type Replayed,
  type TaskEvent,
} from './diagnostics/events.ts';
export type { Logger, WriteLog } from './diagnostics/logger.ts';
// For authors of drivers
export { type Handover, takeOver } from './driver/amqp/connection.ts';
export type { TableSupport } from './message/check-table.ts';
export type { Settlement, Settler } from './message/incoming.ts';
export type {
  WireDelivery,
  WireMessage,
  WireProperties,
  WireReturn,
} from './message/message.ts';
export type { ExchangeSpec, QueueSpec } from './topology/specs.ts';
export type {
  ChannelEnd,
  Driver,
  DriverBinding,
  DriverChannel,
  DriverChannelEvents,
  DriverConnection,
  DriverConnectionEvents,
  DriverConsume,
  DriverQueueState,
  DriverTarget,
} from './driver/driver.ts';
export {
  Channel,
  type ChannelEvents,
  type GetOptions,
  type PassiveOptions,
  type QosOptions,
} from './entities/channel.ts';
export {
  Connection,
  type ConnectionEvents,
  type ConnectionHealth,
  connect,
  type UpdateSecretOptions,
} from './entities/connection.ts';
export { Consumer } from './entities/consumer.ts';
export { type BindOptions, type DeleteExchangeOptions, Exchange } from './entities/exchange.ts';
export type { IterateOptions } from './entities/iterate.ts';
export type { PublishOptions } from './entities/outbox.ts';
export { type Lease, Pool, type Poolable, type PoolOptions } from './entities/pool.ts';
export {
  type ConsumeOptions,
  type DeleteQueueOptions,
  type FetchOptions,
  Queue,
  type QueueCounts,
} from './entities/queue.ts';
export {
  type Closable,
  type Closables,
  type Shutdown,
  type ShutdownOptions,
  type ShutdownReport,
  shutdownOn,
} from './entities/shutdown.ts';
// Errors
export { type ErrorCodeEntry, errorCodes, type LeveretErrorCode } from './errors/codes.ts';
export {
  InvalidMessageError,
  LeveretError,
  type LeveretErrorOptions,
  TimeoutError,
} from './errors/leveret-error.ts';
export type { BackoffOptions } from './internal/backoff.ts';
export type { Unsubscribe } from './internal/emitter.ts';
export { type FirstPart, type MethodProxy, methodProxy } from './internal/method-proxy.ts';
export { isThenable } from './internal/thenable.ts';
export {
  type DeliveryInfo,
  IncomingMessage,
  type ProcessOptions,
  type RequeueOptions,
} from './message/incoming.ts';
export type {
  HeaderTable,
  HeaderValue,
  MessageProperties,
  OutgoingMessage,
} from './message/message.ts';
export {
  type MessageInfo,
  ReceivedMessage,
  type ReturnedInfo,
  ReturnedMessage,
} from './message/received.ts';
export { UnroutableError } from './message/unroutable-error.ts';
export type {
  BindingArguments,
  ExchangeOptions,
  ExchangeType,
  OperationOptions,
  QueueOptions,
  QueueType,
} from './topology/specs.ts';

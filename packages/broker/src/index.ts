export { type Broker, startBroker } from './net/broker.ts';
export type { BrokerLimits, BrokerOptions } from './net/options.ts';
export type { Grant, Permission, UserSpec } from './model/access.ts';
export type { Profile } from './base/profile.ts';
export type { Faults } from './net/faults.ts';
export type {
  BindingInfo,
  BrokerState,
  ConnectionInfo,
  ConsumerInfo,
  ExchangeInfo,
  QueueInfo,
} from './net/inspect.ts';
export type { PlainTable, PlainValue } from './net/plain-table.ts';
export type { Traffic } from './protocol/traffic.ts';
export type { WaitOptions } from './net/waiting.ts';
export type { Clock, Timer } from './base/clock.ts';
export { ManualClock } from './base/manual-clock.ts';
export { BrokerError, type BrokerErrorCode } from './base/broker-error.ts';

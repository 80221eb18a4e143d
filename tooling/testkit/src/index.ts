export type { BrokerProfile } from './conformance/broker/profile.ts';
export { brokerConformance } from './conformance/broker-conformance.ts';
export { driverConformance } from './conformance/driver-conformance.ts';
export { deadline } from './deadline.ts';
export { TestkitError } from './errors.ts';
export { createInbox, type Inbox } from './inbox.ts';
export {
  type PrivateBroker,
  type PrivateBrokerChoice,
  privateBrokers,
} from './private-brokers.ts';
export type { CutOptions, Direction, ProxyConnection } from './proxy/link.ts';
export { type ProxyTarget, startTcpProxy, type TcpProxy } from './proxy/tcp-proxy.ts';
export { findRabbitServer } from './rabbit/find.ts';
export type { RabbitNode } from './rabbit/node.ts';
export { type RabbitNodeOptions, startRabbitNode } from './rabbit/start.ts';

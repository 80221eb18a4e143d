export { certificates, writeCertificates } from './certificates.ts';
export type { BrokerProfile } from './conformance/broker/profile.ts';
export { brokerConformance } from './conformance/broker-conformance.ts';
export { deadline } from './deadline.ts';
export { TestkitError } from './errors.ts';
export { createInbox, type Inbox } from './inbox.ts';
export { freePort } from './ports.ts';
export {
  type PrivateBroker,
  type PrivateBrokerChoice,
  privateBrokers,
} from './private-brokers.ts';
export type { CutOptions, Direction, ProxyConnection } from './proxy/link.ts';
export { type ProxyTarget, startTcpProxy, type TcpProxy } from './proxy/tcp-proxy.ts';
export { publicMethods } from './public-methods.ts';
export type { RabbitCluster } from './rabbit/cluster.ts';
export type { RabbitNodeOptions } from './rabbit/create.ts';
export { findRabbitServer } from './rabbit/find.ts';
export type { PartitionOptions } from './rabbit/mesh.ts';
export type { RabbitNode } from './rabbit/node.ts';
export { startRabbitNode } from './rabbit/start.ts';
export { type RabbitClusterOptions, startRabbitCluster } from './rabbit/start-cluster.ts';
export { createRecorder, type Recorder } from './recorder.ts';
export type { CallSummary } from './recorder-calls.ts';
export { type Gap, percentile } from './recorder-gaps.ts';
export type { TaskSummary } from './recorder-tasks.ts';

export { brokerUrl, describeWithBroker, hasBroker, uniqueName } from './with-broker.ts';

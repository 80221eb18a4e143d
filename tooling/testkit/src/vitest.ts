export { hasAioPika, type PythonProgram, startPython } from './python.ts';
export { brokerUrl, describeWithBroker, hasBroker, uniqueName } from './with-broker.ts';

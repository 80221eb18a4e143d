export { hasAioPika, type PythonProgram, startPython } from './python.ts';
export { describeWithBroker, uniqueName } from './with-broker.ts';

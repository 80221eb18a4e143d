export { hasAioPika, type PythonProgram, startPython } from './python.ts';
export { describeWithBroker, describeWithRabbit, uniqueName } from './with-broker.ts';

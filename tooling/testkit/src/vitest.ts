export { hasAioPika, type PythonProgram, startPython } from './python.ts';
export { type SourceProcess, startSource } from './source-process.ts';
export { describeWithBroker, describeWithRabbit, uniqueName } from './with-broker.ts';

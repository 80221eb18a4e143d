export { hasAioPika, type PythonProgram, startPython } from './python.ts';
export {
  deleteInTheEnd,
  EVERYTHING,
  EVERYTHING_IN_PYTHON,
  LARGE,
  PYTHON_TYPES,
} from './python-values.ts';
export { type SourceProcess, startSource } from './source-process.ts';
export { describeWithBroker, describeWithRabbit, uniqueName } from './with-broker.ts';

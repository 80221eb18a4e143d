export { Master, type MasterOptions } from './master.ts';
export { NackMessage, type OutcomeOptions, RejectMessage } from './outcomes.ts';
export type {
  AnyTaskProxy,
  AnyTasks,
  CreateTask,
  FailureOptions,
  TaskArguments,
  TaskContext,
  TaskHandler,
  TaskName,
  TaskOptions,
  TaskProxy,
  WorkerOptions,
} from './types.ts';
export { Worker } from './worker.ts';

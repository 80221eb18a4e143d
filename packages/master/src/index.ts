export type {
  BatchOptions,
  BatchOutcome,
  BatchProgress,
  Payloads,
  TaskOutcome,
} from './batch.ts';
export type { WorkerCounters } from './counters.ts';
export {
  DeadLetters,
  type DeadLetterSelection,
  type ListOptions,
  type RequeueOutcome,
} from './dead-letters/dead-letters.ts';
export { DeadLetter, type DeadLetterError } from './dead-letters/letter.ts';
export { Master, type MasterOptions } from './master.ts';
export type { Backoff, ExponentialBackoff, FixedBackoff } from './middleware/backoff.ts';
export {
  type Beginning,
  type IdempotencyOptions,
  type IdempotencyStore,
  idempotent,
} from './middleware/idempotent.ts';
export { type MemoryStoreOptions, memoryStore } from './middleware/memory-store.ts';
export type {
  HandleMiddleware,
  Middleware,
  PublishContext,
  PublishMiddleware,
} from './middleware/middleware.ts';
export type { RateLimit } from './middleware/rate-limit.ts';
export type { RetryOptions } from './middleware/retry.ts';
export type { StuckPolicy } from './middleware/timeout.ts';
export {
  NackMessage,
  type OutcomeOptions,
  RejectMessage,
  RetryLater,
  type RetryLaterOptions,
} from './outcomes.ts';
export type {
  AnyTaskProxy,
  AnyTasks,
  ContextChanges,
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
export { Worker, type WorkerHealth } from './worker.ts';

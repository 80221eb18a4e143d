import { describe, LeveretError } from '../errors/leveret-error.ts';
import { type EventLevel, eventTypes, type LeveretEvent } from './events.ts';

/** Writes one record of a log: its fields, and a line for people. */
export type WriteLog = (fields: object, message: string) => void;

/**
 * Where events are logged to. It is the part of [pino](https://getpino.io)'s logger that is needed, so one of
 * those will do as it is; so does `console`.
 */
export interface Logger {
  /** For whoever looks for a fault. */
  debug: WriteLog;
  /** What is worth a line in production. */
  info: WriteLog;
  /** What may need somebody to look. */
  warn: WriteLog;
  /** What needs somebody to look. */
  error: WriteLog;
}

const LEVELS: readonly EventLevel[] = ['debug', 'info', 'warn', 'error'];

/** Refuses what is no logger. Errors: `INVALID_ARGUMENT`. */
export function checkLogger(logger: Logger | undefined): Logger | undefined {
  if (logger === undefined) return undefined;
  for (const level of LEVELS)
    if (typeof logger?.[level] !== 'function')
      throw new LeveretError(
        'INVALID_ARGUMENT',
        `logger must have a function ${level}, not ${describe(logger?.[level])}`,
      );
  return logger;
}

/**
 * Logs one event: its fields as they are, but for what went wrong, which stands under `err`, where pino
 * looks for it. What is only worth a line is an error where something went wrong: a connection that closed.
 */
export function logEvent(
  logger: Logger,
  event: LeveretEvent,
  connection: string | undefined,
): void {
  const { level, meaning } = eventTypes[event.type];
  const { error, cause, ...fields } = { error: undefined, cause: undefined, ...event };
  const err = error ?? cause;
  logger[err && level === 'info' ? 'error' : level](
    { ...fields, ...(connection === undefined ? {} : { connection }), ...(err ? { err } : {}) },
    meaning,
  );
}

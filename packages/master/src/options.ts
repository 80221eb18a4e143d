import { type Channel, LeveretError, type QueueType } from '@leveret/core';

// What the types say, said again to callers in JavaScript. Errors: `INVALID_ARGUMENT`.

/** Options are an object. */
export function checkOptions(options: object): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new LeveretError('INVALID_ARGUMENT', 'options must be an object');
}

/** A channel is what declares; one of another copy of core will do. */
export function checkChannel(channel: Channel): void {
  if (typeof channel?.declareQueue !== 'function')
    throw new LeveretError('INVALID_ARGUMENT', 'channel must be a Channel');
}

/** The name of a task is that of its queue, and the broker would name one without. */
export function checkTaskName(name: string): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new LeveretError('INVALID_ARGUMENT', 'name of a task must be a string that is not empty');
}

/** The type of a queue has a name; which ones there are, the broker knows. */
export function checkQueueType(type: QueueType | undefined): QueueType | undefined {
  if (type === undefined || (typeof type === 'string' && type !== '')) return type;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    'queueType must be a string that is not empty, such as "quorum"',
  );
}

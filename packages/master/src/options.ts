import { type Channel, LeveretError, type QueueType } from '@leveret/core';

// What the types say, said again to callers in JavaScript. Errors: `INVALID_ARGUMENT`.

/** Options are an object. */
export function checkOptions(options: object, field = 'options'): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new LeveretError('INVALID_ARGUMENT', `${field} must be an object`);
}

/** What is called must be a function. */
export function checkFunction(field: string, value: unknown): void {
  if (typeof value !== 'function')
    throw new LeveretError('INVALID_ARGUMENT', `${field} must be a function`);
}

/** A number within bounds. */
export function number(
  field: string,
  value: number,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `${field} must be a number from ${min} to ${max}, not ${String(value)}`,
  );
}

/** A whole number from a least one on. */
export function whole(field: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `${field} must be a whole number from ${min} on, not ${String(value)}`,
  );
}

/** One of a few words. */
export function oneOf<Word extends string>(
  field: string,
  value: Word,
  words: readonly Word[],
): Word {
  if (words.includes(value)) return value;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `${field} must be ${words.map((word) => `"${word}"`).join(' or ')}, not ${String(value)}`,
  );
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

import { describe, LeveretError } from '../errors/leveret-error.ts';

/** Refuses options that are no object, as callers without types may give. Errors: `INVALID_ARGUMENT`. */
export function checkOptions(options: object, field = 'options'): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `${field} must be an object, not ${describe(options)}`,
  );
}

/** A yes or no, or its default. Errors: `INVALID_ARGUMENT`. */
export function flag(field: string, value: boolean | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    `${field} must be true or false, not ${describe(value)}`,
  );
}

/** One of a few words, the first unless given. Errors: `INVALID_ARGUMENT`. */
export function oneOf<const Word extends string>(
  field: string,
  value: Word | undefined,
  words: readonly [Word, ...Word[]],
): Word {
  if (value === undefined) return words[0];
  if (words.includes(value)) return value;
  const choice = words.map((word) => `"${word}"`).join(' or ');
  throw new LeveretError('INVALID_ARGUMENT', `${field} must be ${choice}, not ${describe(value)}`);
}

/** Refuses what cannot be called. Errors: `INVALID_ARGUMENT`. */
export function checkFunction(field: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new LeveretError('INVALID_ARGUMENT', `${field} must be a function, not ${describe(value)}`);
}

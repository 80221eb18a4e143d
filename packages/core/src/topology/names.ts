import { describe, InvalidMessageError, LeveretError } from '../errors/leveret-error.ts';
import { isShortstr } from '../internal/shortstr.ts';
import { checkTable, type TableSupport } from '../message/check-table.ts';
import type { HeaderTable } from '../message/message.ts';

/** Refuses a name that AMQP could not carry as it is. Errors: `INVALID_ARGUMENT`, naming the field. */
export function checkName(field: string, value: string): void {
  if (typeof value !== 'string' || !isShortstr(value))
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `${field} must be a string of at most 255 bytes of valid UTF-8, not ${describe(value)}`,
    );
}

/** Most bytes of arguments that fit a method frame of the smallest negotiable size (4096 bytes). */
const MAX_ARGUMENTS = 3072;

/**
 * A copy of arguments, so that what is put back on recovery is what was declared, whatever becomes of the
 * caller's object. Refuses what the driver could not send as it is. Errors: `INVALID_ARGUMENT`.
 */
export function ownArguments(
  table: HeaderTable | undefined,
  support: TableSupport,
): HeaderTable | undefined {
  if (table === undefined) return undefined;
  try {
    if (checkTable(table, 'arguments', support, MAX_ARGUMENTS) > MAX_ARGUMENTS)
      throw new InvalidMessageError('arguments', table, `must take at most ${MAX_ARGUMENTS} bytes`);
    return structuredClone(table);
  } catch (error) {
    throw new LeveretError('INVALID_ARGUMENT', describe(error), { cause: error });
  }
}

import { describe, LeveretError } from '../errors/leveret-error.ts';
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

/** Refuses arguments that the driver could not send as they are. Errors: `INVALID_ARGUMENT`. */
export function checkArguments(table: HeaderTable | undefined, support: TableSupport): void {
  if (table === undefined) return;
  let size: number;
  try {
    size = checkTable(table, 'arguments', support);
  } catch (error) {
    throw new LeveretError('INVALID_ARGUMENT', describe(error), { cause: error });
  }
  if (size > MAX_ARGUMENTS)
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `arguments must take at most ${MAX_ARGUMENTS} bytes, not ${size}`,
    );
}

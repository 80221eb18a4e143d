import type { Field, Table } from '../base/field.ts';

/** A value of a field table in plain JavaScript. Its exact type on the wire is lost. */
export type PlainValue =
  | boolean
  | number
  | bigint
  | string
  | null
  | Date
  | Uint8Array
  | readonly PlainValue[]
  | PlainTable;

/** A field table in plain JavaScript. */
export interface PlainTable {
  readonly [name: string]: PlainValue;
}

/** Text becomes a string, 64-bit integers that fit a number do, timestamps dates, decimals numbers. */
export function plainTable(table: Table): PlainTable {
  return Object.fromEntries(Array.from(table, ([name, field]) => [name, plainValue(field)]));
}

function plainValue(field: Field): PlainValue {
  switch (field.type) {
    case 'S':
      return Buffer.from(field.value).toString();
    case 'l':
      return BigInt(Number(field.value)) === field.value &&
        Number.isSafeInteger(Number(field.value))
        ? Number(field.value)
        : field.value;
    case 'T':
      return new Date(Number(field.value) * 1000);
    case 'D':
      return field.value.unscaled / 10 ** field.value.scale;
    case 'A':
      return field.value.map(plainValue);
    case 'F':
      return plainTable(field.value);
    default:
      return field.value;
  }
}

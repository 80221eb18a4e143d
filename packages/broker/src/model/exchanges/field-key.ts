import type { Field, Table } from '../../base/field.ts';

/**
 * A text that is the same for two fields exactly if RabbitMQ holds their values equal. As in Erlang, the type does not
 * count at the top, so `1` as an integer and as a double are the same, and so are text and bytes; within arrays and
 * tables it does.
 */
export function valueKey(field: Field): string {
  switch (field.type) {
    case 't':
      return field.value ? 'true' : 'false';
    case 'S':
    case 'x':
      return `s${bytesOf(field.value).toString('latin1')}`;
    case 'f':
    case 'd':
      return Number.isInteger(field.value) ? String(BigInt(field.value)) : String(field.value);
    case 'D':
      return `D${field.value.scale},${field.value.unscaled}`;
    case 'A':
      return listKey(field.value.map(typedKey));
    case 'F':
      return listKey([...field.value].map(namedKey));
    default:
      return String(field.value);
  }
}

/** The same for values that are equal and, where they are numbers, both whole ones or both fractions by type. */
export function exactKey(field: Field): string {
  const isFraction = field.type === 'f' || field.type === 'd';
  return isFraction ? `f${valueKey(field)}` : valueKey(field);
}

/** A text that is the same for two tables exactly if they hold the same fields of the same types, in any order. */
export function tableKey(table: Table): string {
  return table.size === 0 ? '' : listKey([...table].map(namedKey).sort());
}

const typedKey = (field: Field): string => field.type + valueKey(field);

const namedKey = ([name, field]: readonly [string, Field]): string =>
  `${name.length} ${name}${typedKey(field)}`;

/** Lengths go before the parts, so that no value can look like two. */
function listKey(parts: readonly string[]): string {
  return `[${parts.map((part) => `${part.length} ${part}`).join('')}`;
}

function bytesOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

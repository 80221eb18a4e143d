/**
 * A value of a field table with the type that it had on the wire, so that it goes out again as it came in. The letters
 * are those of RabbitMQ (https://www.rabbitmq.com/amqp-0-9-1-errata, section 3), which differ from the specification's.
 */
export type Field =
  /** Boolean. */
  | { readonly type: 't'; readonly value: boolean }
  /** Integers of up to 32 bits: `b` int8, `B` uint8, `s` int16, `u` uint16, `I` int32, `i` uint32; `f` float, `d` double. */
  | { readonly type: 'b' | 'B' | 's' | 'u' | 'I' | 'i' | 'f' | 'd'; readonly value: number }
  /** 64 bits: `l` signed, `T` a timestamp in seconds since 1970 (unsigned). */
  | { readonly type: 'l' | 'T'; readonly value: bigint }
  /** value / 10^scale. */
  | { readonly type: 'D'; readonly value: Decimal }
  /** `S` text, by convention UTF-8 but any bytes on the wire; `x` bytes. */
  | { readonly type: 'S' | 'x'; readonly value: Uint8Array }
  | { readonly type: 'A'; readonly value: readonly Field[] }
  | { readonly type: 'F'; readonly value: Table }
  /** No value. */
  | { readonly type: 'V'; readonly value: null }
  /** A table or array below 128 others: letter, length and entries as they came, which nobody has looked into. */
  | { readonly type: 'deep'; readonly value: Uint8Array };

/** A decimal number: `unscaled` (uint32) divided by ten to the power of `scale` (uint8). */
interface Decimal {
  readonly scale: number;
  readonly unscaled: number;
}

/** A field table: arguments of a method or headers of a message, in the order of the wire. */
export type Table = ReadonlyMap<string, Field>;

/** The table without entries. */
export const emptyTable: Table = new Map();

/** A text field. */
export function text(value: string): Field {
  return { type: 'S', value: Buffer.from(value) };
}

/** The text of a field of type `S`, or undefined for any other. */
export function textOf(field: Field | undefined): string | undefined {
  if (field?.type !== 'S') return undefined;
  return Buffer.from(field.value.buffer, field.value.byteOffset, field.value.byteLength).toString();
}

/** The number of a field of any integer type, or undefined for any other. 64 bits lose precision beyond 2^53. */
export function integerOf(field: Field | undefined): number | undefined {
  switch (field?.type) {
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
      return field.value;
    case 'l':
      return Number(field.value);
    default:
      return undefined;
  }
}

import fc from 'fast-check';
import type { Field, Table } from '../base/field.ts';
import type { Properties } from '../base/properties.ts';
import { type FieldType, type MethodName, methods } from './methods.ts';

/** Text that fits into a short string, of any planes of Unicode; 63 characters are at most 252 bytes. */
export const shortText: fc.Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 63 });

/** Bytes as a Buffer, which is what the readers give. */
export function bytes(maxLength: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
}

const int8 = fc.integer({ min: -(2 ** 7), max: 2 ** 7 - 1 });
const uint8 = fc.integer({ min: 0, max: 2 ** 8 - 1 });
const int16 = fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 });
const uint16 = fc.integer({ min: 0, max: 2 ** 16 - 1 });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const finite = { noNaN: true, noDefaultInfinity: true } as const;

type Letter = Exclude<Field['type'], 'deep'>;

function fieldsOf(type: Letter, values: fc.Arbitrary<Field['value']>): fc.Arbitrary<Field> {
  return values.map((value) => ({ type, value }) as Field);
}

const nesting = { depthSize: 'small', maxDepth: 5 } as const;

/** Fields and tables of every type, in each other. */
const { field, table } = fc.letrec<{ field: Field; array: Field[]; table: Table }>((tie) => {
  const byType: Record<Letter, fc.Arbitrary<Field['value']>> = {
    t: fc.boolean(),
    b: int8,
    B: uint8,
    s: int16,
    u: uint16,
    I: int32,
    i: uint32,
    l: int64,
    f: fc.float(finite),
    d: fc.double(finite),
    D: fc.record({ scale: uint8, unscaled: uint32 }),
    T: uint64,
    S: bytes(20),
    x: bytes(20),
    V: fc.constant(null),
    A: tie('array'),
    F: tie('table'),
  };
  const types = Object.keys(byType) as Letter[];
  const fields = types.map((type) => fieldsOf(type, byType[type]));
  return {
    // The first one is what is left at the greatest depth.
    field: fc.oneof(nesting, ...fields),
    array: fc.array(tie('field'), { maxLength: 5 }),
    table: fc
      .uniqueArray(fc.tuple(shortText, tie('field')), { maxLength: 5, selector: ([name]) => name })
      .map((entries) => new Map(entries)),
  };
});

export { field, table };

const byFieldType: Record<FieldType, fc.Arbitrary<unknown>> = {
  bit: fc.boolean(),
  octet: uint8,
  short: uint16,
  long: uint32,
  longlong: fc.maxSafeNat(),
  shortstr: shortText,
  longstr: bytes(300),
  table,
};

/** Fields for a method, of the types that its definition says. */
export function fieldsFor(name: MethodName): fc.Arbitrary<Record<string, unknown>> {
  const types: [string, FieldType][] = Object.entries(methods[name].fields);
  const used = types.filter(([field]) => !field.startsWith('reserved'));
  return fc.record(Object.fromEntries(used.map(([field, type]) => [field, byFieldType[type]])));
}

/** Properties, any of which may be absent. */
export const properties: fc.Arbitrary<Properties> = fc.record(
  {
    contentType: shortText,
    contentEncoding: shortText,
    headers: table,
    deliveryMode: uint8,
    priority: uint8,
    correlationId: shortText,
    replyTo: shortText,
    expiration: shortText,
    messageId: shortText,
    timestamp: uint64,
    type: shortText,
    userId: shortText,
    appId: shortText,
    clusterId: shortText,
  },
  { requiredKeys: [] },
);

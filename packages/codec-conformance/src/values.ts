import fc from 'fast-check';

/** Kinds of value beyond those of JSON that a codec carries both ways without change. */
export interface CodecSupport {
  /** `undefined`, apart from `null`. */
  readonly undefined?: boolean;
  /** `Date`, to the millisecond. */
  readonly date?: boolean;
  /** `bigint` of 64 bits, signed or unsigned. */
  readonly bigint?: boolean;
  /** `Uint8Array`, read as just that and not as a subclass. */
  readonly bytes?: boolean;
  /** `NaN`, `Infinity` and `-Infinity`. */
  readonly nonFinite?: boolean;
}

/** Numbers that every codec carries: no `-0`, which JSON writes as `0`. */
const numbers = fc
  .oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((number) => (Object.is(number, -0) ? 0 : number));
const strings = fc.string({ unit: 'binary' });
const keys = strings.filter((key) => key !== '__proto__');
const scalars = fc.oneof(fc.constant(null), fc.boolean(), numbers, strings);

/** Values of JSON, with `leaf` among their leaves. */
function treesOf(leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 6 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 6, noNullPrototype: true }),
    ),
  })).value;
}

/** A copy for each run: fast-check would shrink without end a value that a codec has changed. */
const copied = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  values.map((value) => structuredClone(value));

/** Values that every codec must carry both ways. */
export const plainValues: fc.Arbitrary<unknown> = copied(treesOf(scalars));

const furtherLeaves: Readonly<Record<keyof CodecSupport, fc.Arbitrary<unknown>>> = {
  undefined: fc.constant(undefined),
  date: fc.date({ noInvalidDate: true }),
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  bytes: fc.uint8Array({ maxLength: 300 }),
  nonFinite: fc.constantFrom(Number.NaN, Infinity, -Infinity),
};

/** Values of one further kind: in an array, so that each has its place. */
export function valuesOf(kind: keyof CodecSupport): fc.Arbitrary<unknown> {
  const leaves = fc.oneof(furtherLeaves[kind], scalars);
  return copied(fc.array(leaves, { minLength: 1, maxLength: 6 }));
}

/** Every kind that {@link CodecSupport} names. */
export const furtherKinds: readonly (keyof CodecSupport)[] = [
  'undefined',
  'date',
  'bigint',
  'bytes',
  'nonFinite',
];

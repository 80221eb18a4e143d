import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CodecCase, Suite } from '../suite.ts';
import { furtherKinds, plainValues, valuesOf } from '../values.ts';

const MEBIBYTE = 1024 * 1024;

/** What is written reads back as it was. */
export function roundTripCases(suite: Suite): CodecCase[] {
  const property = (title: string, values: fc.Arbitrary<unknown>): CodecCase => ({
    title,
    run: () =>
      fc.assert(
        fc.asyncProperty(values, (value) => checkRoundTrip(suite, value)),
        { numRuns: suite.numRuns },
      ),
  });
  return [
    property('carries every value of JSON', plainValues),
    ...furtherKinds
      .filter((kind) => suite.supports[kind])
      .map((kind) => property(`carries ${kind} values`, valuesOf(kind))),
    {
      title: 'carries the values given',
      run: async () => {
        for (const value of suite.values) await checkRoundTrip(suite, value);
      },
    },
    {
      title: 'writes undefined, the result of a function without one',
      run: () => checkUndefined(suite),
    },
    {
      title: 'carries values of a mebibyte',
      run: async () => {
        await checkRoundTrip(suite, { text: 'ż'.repeat(MEBIBYTE / 2) });
        await checkRoundTrip(suite, { list: Array.from({ length: MEBIBYTE / 8 }, (_, i) => i) });
      },
    },
    {
      title: 'leaves the value that it writes as it was',
      run: () => checkValueUntouched(suite),
    },
    { title: 'keeps calls that overlap apart', run: () => checkOverlap(suite) },
  ];
}

async function checkRoundTrip({ codec }: Suite, value: unknown): Promise<void> {
  const bytes = await codec.encode(value);
  assert.ok(bytes instanceof Uint8Array, 'encode gave no Uint8Array');
  assert.deepStrictEqual(await codec.decode(bytes), value, 'the value came back changed');
}

async function checkUndefined({ codec, supports }: Suite): Promise<void> {
  const value = await codec.decode(await codec.encode(undefined));
  if (supports.undefined) assert.equal(value, undefined);
  else
    assert.ok(
      value === undefined || value === null,
      'undefined came back as neither itself nor null',
    );
}

async function checkValueUntouched({ codec, numRuns }: Suite): Promise<void> {
  const run = async (value: unknown): Promise<void> => {
    const before = structuredClone(value);
    await codec.encode(value);
    assert.deepStrictEqual(value, before, 'encode changed its argument');
  };
  await fc.assert(fc.asyncProperty(plainValues, run), { numRuns });
}

async function checkOverlap({ codec }: Suite): Promise<void> {
  const values = Array.from({ length: 50 }, (_, i) => ({ i, text: 'x'.repeat(i * 97) }));
  const bodies = await Promise.all(values.map(async (value) => codec.encode(value)));
  const read = await Promise.all(bodies.map(async (body) => codec.decode(body)));
  assert.deepStrictEqual(read, values, 'values of overlapping calls were mixed up');
}

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { outcomeOf, probe } from '../probe.ts';
import type { CodecCase, Suite } from '../suite.ts';
import { plainValues } from '../values.ts';

const sample = {
  id: 7,
  name: 'żółw',
  list: [1, -2.5, null, true, { deep: [[]] }],
  text: 'x'.repeat(300),
};

/** Bodies from somebody who means harm, or whose software is broken. */
export function hostileCases(suite: Suite): CodecCase[] {
  return [
    { title: 'ends on random bytes in a value or an Error', run: () => checkRandom(suite) },
    {
      title: 'ends on a body cut short at any place in a value or an Error',
      run: async () => {
        const bytes = await suite.codec.encode(sample);
        for (let end = 0; end < bytes.length; end++) await probe(suite, bytes.subarray(0, end));
      },
    },
    {
      title: 'ends on a body with any one byte changed in a value or an Error',
      run: () => checkChangedBytes(suite),
    },
    {
      title: 'allocates nothing for sizes that a body merely declares',
      run: async () => {
        for (const body of declaredSizes()) await probeBoth(suite, body);
      },
    },
    { title: 'refuses an empty body', run: () => checkEmpty(suite) },
    { title: 'works on after bodies that it refused', run: () => checkRecovery(suite) },
    {
      title: 'refuses to write functions and symbols',
      run: async () => {
        for (const value of [() => 1, Symbol('s')]) await checkRefused(suite, value);
      },
    },
  ];
}

async function probeBoth(suite: Suite, body: Uint8Array): Promise<void> {
  await probe(suite, body);
  await probe(suite, suite.wrap(body));
}

async function checkRandom(suite: Suite): Promise<void> {
  const bodies = fc.uint8Array({ maxLength: 200 });
  const run = (body: Uint8Array): Promise<void> => probeBoth(suite, body);
  await fc.assert(fc.asyncProperty(bodies, run), { numRuns: suite.numRuns * 5 });
}

async function checkChangedBytes(suite: Suite): Promise<void> {
  const bytes = Uint8Array.from(await suite.codec.encode(sample));
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of [0x01, 0x40, 0x80, 0xff]) {
      const changed = Uint8Array.from(bytes);
      changed.fill((bytes[at] ?? 0) ^ mask, at, at + 1);
      await probe(suite, changed);
    }
  }
}

/** Short bodies that declare arrays, maps, strings or bytes of up to 2^64 in length, as formats do. */
function declaredSizes(): Uint8Array[] {
  const widths = [4, 8];
  const single = Array.from({ length: 256 }, (_, first) =>
    widths.map((width) => Uint8Array.from([first, ...Array.from({ length: width }, () => 0xff)])),
  );
  // MessagePack and CBOR arrays that each say they hold 2^24 elements, inside each other.
  const nested = [
    [0xdd, 1, 0, 0, 0],
    [0x9a, 1, 0, 0, 0],
  ].map((head) => Uint8Array.from(Array.from({ length: 200 }, () => head).flat()));
  return [...single.flat(), ...nested];
}

async function checkEmpty({ codec }: Suite): Promise<void> {
  const outcome = await outcomeOf(() => codec.decode(new Uint8Array(0)));
  assert.ok('error' in outcome, 'an empty body was read as a value');
  assert.ok(outcome.error instanceof Error, 'an empty body ended in a throw of no Error');
}

async function checkRecovery(suite: Suite): Promise<void> {
  const { codec } = suite;
  const run = async (value: unknown, body: Uint8Array): Promise<void> => {
    const bytes = await codec.encode(value);
    // After each one by itself: what the next leaves behind could hide it.
    for (const refused of [
      () => probe(suite, body),
      () => probe(suite, bytes.subarray(0, -1)),
      () => outcomeOf(() => codec.encode([value, () => 1])),
    ]) {
      await refused();
      assert.deepStrictEqual(await codec.decode(bytes), value, 'what it refused left traces');
    }
  };
  const { numRuns } = suite;
  await fc.assert(fc.asyncProperty(plainValues, fc.uint8Array(), run), { numRuns });
}

async function checkRefused({ codec }: Suite, value: unknown): Promise<void> {
  const outcome = await outcomeOf(() => codec.encode(value));
  assert.ok('error' in outcome, `a ${typeof value} was written`);
  assert.ok(outcome.error instanceof Error, `a ${typeof value} ended in a throw of no Error`);
}

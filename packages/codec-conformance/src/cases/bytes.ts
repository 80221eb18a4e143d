import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CodecCase, Suite } from '../suite.ts';
import { plainValues, valuesOf } from '../values.ts';

/** Bodies belong to whoever has them: a codec neither shares, keeps nor changes them. */
export function bytesCases(suite: Suite): CodecCase[] {
  const { codec, numRuns } = suite;
  const values = suite.supports.bytes ? fc.oneof(plainValues, valuesOf('bytes')) : plainValues;
  const property = (title: string, check: (value: unknown) => Promise<void>): CodecCase => ({
    title,
    run: () => fc.assert(fc.asyncProperty(values, check), { numRuns }),
  });
  return [
    property('gives bytes that later calls leave alone', async (value) => {
      const bytes = await codec.encode(value);
      const before = Uint8Array.from(bytes);
      await codec.decode(await codec.encode([value, 'another']));
      await codec.encode('x'.repeat(bytes.length));
      checkSame(bytes, before, 'a later call changed bytes that were given before');
    }),
    property('reads a window on a larger buffer', async (value) => {
      const { window } = framed(await codec.encode(value));
      assert.deepStrictEqual(await codec.decode(window), value);
      const buffer = Buffer.from(window.buffer, window.byteOffset, window.byteLength);
      assert.deepStrictEqual(await codec.decode(buffer), value);
    }),
    property('leaves the bytes that it reads as they were', async (value) => {
      const { whole, window } = framed(await codec.encode(value));
      const before = Uint8Array.from(whole);
      await codec.decode(window);
      checkSame(whole, before, 'decode changed the bytes that it was given');
    }),
    property('keeps nothing of the bytes that it has read', async (value) => {
      const { window } = framed(await codec.encode(value));
      const read = await codec.decode(window);
      window.fill(0xff);
      assert.deepStrictEqual(read, value, 'the value changed with the bytes that it was read from');
    }),
  ];
}

/** `bytes` in the middle of a larger buffer, between bytes that mean something to most formats. */
function framed(bytes: Uint8Array): { whole: Uint8Array; window: Uint8Array } {
  const whole = new Uint8Array(bytes.length + 16).fill(0x31);
  whole.set(bytes, 7);
  return { whole, window: whole.subarray(7, 7 + bytes.length) };
}

function checkSame(bytes: Uint8Array, before: Uint8Array, message: string): void {
  assert.ok(Buffer.compare(bytes, before) === 0, message);
}

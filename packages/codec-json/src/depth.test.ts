import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWithinDepth } from './depth.ts';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const within = (text: string, max: number): boolean => isWithinDepth(text, Buffer.from(text), max);

/** The depth of a value, found by walking it. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('isWithinDepth', () => {
  it('allows exactly the depth given and not one level more', () => {
    expect(within(nested(50), 50)).toBe(true);
    expect(within(nested(51), 50)).toBe(false);
    expect(within(`[${nested(50)},1]`, 50)).toBe(false);
  });

  it('counts objects as it counts arrays', () => {
    expect(within(`${'{"a":['.repeat(3)}1${']}'.repeat(3)}`, 6)).toBe(true);
    expect(within(`${'{"a":['.repeat(3)}1${']}'.repeat(3)}`, 5)).toBe(false);
  });

  it('counts depth, not the number of brackets', () => {
    expect(within(`[${'[],{},'.repeat(100)}1]`, 2)).toBe(true);
  });

  it('agrees with a walk over the parsed value, whatever the strings hold', () => {
    const unit = fc.constantFrom('[', ']', '{', '}', '"', '\\', 'a', 'ż', '-'.repeat(20));
    const strings = fc.string({ unit, size: '+1' });
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 8 },
        strings,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(strings, tie('value'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.integer({ min: 1, max: 9 }), (tree, max) => {
        expect(within(JSON.stringify(tree), max)).toBe(depthOf(tree) <= max);
      }),
      { numRuns: 2000 },
    );
  });
});

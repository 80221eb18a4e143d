import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isShortstr } from './shortstr.ts';

describe('isShortstr', () => {
  it('holds for what takes at most 255 bytes and comes back from UTF-8 as it was', () => {
    const unit = fc.constantFrom('a', 'ü', '€', '😀', '\ud800', '\udc00');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(unit, fc.integer({ min: 1, max: 130 })), { maxLength: 4 }),
        (runs) => {
          const text = runs.map(([char, times]) => char.repeat(times)).join('');
          const bytes = Buffer.from(text);
          expect(isShortstr(text)).toBe(bytes.length <= 255 && bytes.toString() === text);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['a'.repeat(255), true],
    ['a'.repeat(256), false],
    ['€'.repeat(85), true],
    [`${'€'.repeat(85)}a`, false],
    ['', true],
    ['\ud83d', false],
  ])('of %j is %s', (text, holds) => {
    expect(isShortstr(text)).toBe(holds);
  });
});

import { describe, expect, test } from 'vitest';
import { Random } from './random.ts';

const drawn = (seed: number): readonly number[] => {
  const random = new Random(seed);
  return Array.from({ length: 100 }, () => random.next());
};

describe('chance with a seed', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });

  test('stays within its bounds', () => {
    const random = new Random(3);
    const dice = Array.from({ length: 1_000 }, () => random.whole(1, 6));
    expect([...new Set(dice)].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('picks by weight', () => {
    const random = new Random(4);
    const choices = [
      { name: 'never', weight: 0 },
      { name: 'seldom', weight: 1 },
      { name: 'often', weight: 9 },
    ];
    const picked = Array.from({ length: 1_000 }, () => random.pick(choices)?.name);
    const often = picked.filter((name) => name === 'often').length;
    expect(picked).not.toContain('never');
    expect(often).toBeGreaterThan(850);
    expect(often).toBeLessThan(950);
  });
});

import { expect, test } from 'vitest';
import { Budget } from './budget.ts';

test('memory runs out above the limit, and is back at nine tenths of it', () => {
  const budget = new Budget(100);
  const turns: boolean[] = [];
  budget.onChange((exhausted) => turns.push(exhausted));
  budget.take(100);
  expect(budget.exhausted).toBe(false);
  budget.take(1);
  expect(budget.exhausted).toBe(true);
  budget.take(50);
  budget.give(60);
  expect(turns).toEqual([true]);
  budget.give(1);
  expect(turns).toEqual([true, false]);
  expect(budget.used).toBe(90);
});

test('a listener that left is not told', () => {
  const budget = new Budget(1);
  let calls = 0;
  const stop = budget.onChange(() => {
    calls += 1;
  });
  stop();
  budget.take(2);
  expect(calls).toBe(0);
});

test('without a limit there is always enough', () => {
  const budget = new Budget();
  budget.take(Number.MAX_SAFE_INTEGER);
  expect(budget.exhausted).toBe(false);
});

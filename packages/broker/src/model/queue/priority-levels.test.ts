import { describe, expect, it } from 'vitest';
import type { Consumer } from '../consumer.ts';
import { PriorityLevels } from './priority-levels.ts';
import { TestConsumer } from './queue.fixture.ts';

function levelsOf(...priorities: readonly number[]): [PriorityLevels, TestConsumer[]] {
  const levels = new PriorityLevels();
  const consumers = priorities.map((priority) => new TestConsumer({ priority }));
  for (const consumer of consumers) levels.push(consumer);
  return [levels, consumers];
}

/** Takes all consumers out from the front and gives the index of each. */
function drain(levels: PriorityLevels, consumers: readonly Consumer[]): number[] {
  const places: number[] = [];
  for (let { first } = levels; first !== undefined; { first } = levels) {
    places.push(consumers.indexOf(first));
    levels.remove(first);
  }
  return places;
}

describe('priority levels', () => {
  it('have the highest priority in front, and among equals the one that came first', () => {
    const [levels, consumers] = levelsOf(0, 5, -1, 5, 0, 9);
    expect(drain(levels, consumers)).toEqual([5, 1, 3, 0, 4, 2]);
  });

  it('rotate those of the highest priority alone', () => {
    const [levels, consumers] = levelsOf(0, 5, 5, 0);
    levels.rotate();
    expect(drain(levels, consumers)).toEqual([2, 1, 0, 3]);
  });

  it('take no notice of the removal of one that is not in', () => {
    const [levels, consumers] = levelsOf(1, 3);
    for (const priority of [0, 1, 2, 3, 4]) levels.remove(new TestConsumer({ priority }));
    expect(drain(levels, consumers)).toEqual([1, 0]);
  });
});

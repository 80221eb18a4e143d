import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Heap } from './heap.ts';

it('hands out what it holds, the lowest first', () => {
  const step = fc.option(fc.nat(20), { nil: undefined });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const heap = new Heap<number>((a, b) => a < b);
      const model: number[] = [];
      for (const item of steps) {
        if (item === undefined) {
          expect(heap.shift()).toBe(model.shift());
        } else {
          heap.push(item);
          model.push(item);
          model.sort((a, b) => a - b);
        }
        expect([heap.size, heap.first]).toEqual([model.length, model[0]]);
      }
    }),
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deque } from './deque.ts';

describe('Deque', () => {
  it('does what an array does', () => {
    const times = fc.integer({ min: 1, max: 60 });
    const step = fc.record({ do: fc.constantFrom('push', 'shift'), times });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const deque = new Deque<number>();
        const array: number[] = [];
        let next = 1;
        for (const { do: what, times } of steps) {
          for (let i = 0; i < times; i++) {
            if (what === 'push') {
              deque.push(next);
              array.push(next);
            } else {
              expect(deque.shift()).toBe(array.shift());
            }
            next += 1;
          }
          expect([deque.size, deque.first]).toEqual([array.length, array[0]]);
        }
        for (const item of array) expect(deque.shift()).toBe(item);
        expect(deque.shift()).toBeUndefined();
      }),
    );
  });
});

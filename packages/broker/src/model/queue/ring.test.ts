import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ring } from './ring.ts';

it('does what an array does', () => {
  const step = fc.record({ do: fc.constantFrom('push', 'rotate', 'remove'), item: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const ring = new Ring<number>();
      let array: number[] = [];
      for (const { do: what, item } of steps) {
        if (what === 'rotate') {
          ring.rotate();
          array = [...array.slice(1), ...array.slice(0, 1)];
        } else if (what === 'remove') {
          ring.remove(item);
          array = array.filter((other) => other !== item);
        } else if (!array.includes(item)) {
          ring.push(item);
          array.push(item);
        }
        expect([ring.size, ring.first]).toEqual([array.length, array[0]]);
      }
      for (const item of array) {
        expect(ring.first).toBe(item);
        ring.rotate();
      }
    }),
  );
});

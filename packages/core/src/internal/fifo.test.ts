import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from './fifo.ts';

describe('Fifo', () => {
  it('is as an array under any sequence of push, shift and drain', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 120 }) }) },
      { weight: 3, arbitrary: fc.record({ shift: fc.integer({ min: 1, max: 120 }) }) },
      { weight: 1, arbitrary: fc.constant('drain' as const) },
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        let next = 0;
        for (const each of steps) {
          if (each === 'drain') {
            expect(fifo.drain()).toEqual(model.splice(0));
          } else if ('push' in each) {
            for (let n = 0; n < each.push; n++) {
              fifo.push(next);
              model.push(next++);
            }
          } else {
            for (let n = 0; n < each.shift; n++) expect(fifo.shift()).toBe(model.shift());
          }
          expect(fifo.size).toBe(model.length);
        }
      }),
    );
  });

  it('gives undefined when it is empty, before and after use', () => {
    const fifo = new Fifo<number>();
    expect(fifo.shift()).toBeUndefined();
    fifo.push(1);
    fifo.shift();
    expect(fifo.shift()).toBeUndefined();
    expect(fifo.size).toBe(0);
    fifo.push(2);
    expect(fifo.shift()).toBe(2);
  });
});

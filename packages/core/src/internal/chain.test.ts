import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Chain, type Link } from './chain.ts';

it('a chain is as a set under any sequence of adding and removing', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat())), (steps) => {
      const chain = new Chain<number>();
      const model = new Set<number>();
      const links: Link<number>[] = [];
      for (const [index, step] of steps.entries()) {
        if (step === null || links.length === 0) {
          links.push(chain.add(index));
          model.add(index);
        } else {
          const link = links[step % links.length]; // perhaps one that is out already
          if (!link) return;
          chain.remove(link);
          model.delete(link.value);
          expect([link.previous, link.next]).toEqual([undefined, undefined]);
        }
        expect(chain.values).toEqual([...model]);
        expect([chain.size, chain.first]).toEqual([model.size, [...model][0]]);
      }
    }),
  );
});

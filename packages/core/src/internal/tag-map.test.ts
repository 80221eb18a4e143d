import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TagMap } from './tag-map.ts';

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ take: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ oldest: fc.integer({ min: 1, max: 100 }) }) },
);

describe('TagMap', () => {
  it('is as a Map under any sequence of growing tags, in whatever order they leave', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const tags = new TagMap<string>();
        const model = new Map<number, string>();
        let newest = 0;
        const take = (tag: number): void => {
          expect(tags.get(tag)).toBe(model.get(tag));
          expect(tags.take(tag)).toBe(model.get(tag));
          model.delete(tag);
        };
        for (const each of steps) {
          if ('add' in each) {
            newest += each.add;
            tags.add(newest, `v${newest}`);
            model.set(newest, `v${newest}`);
          } else if ('take' in each) take(each.take);
          else for (let n = 0; n < each.oldest; n++) take(tags.oldest ?? 0);
          expect([tags.size, tags.oldest]).toEqual([model.size, [...model.keys()][0]]);
          const even = (value: string): boolean => Number(value.slice(1)) % 2 === 0;
          expect(tags.find(even)).toBe([...model.values()].find(even));
        }
      }),
    );
  });

  it('begins anew once it is empty, with any tag', () => {
    const tags = new TagMap<string>();
    tags.add(1000, 'old');
    tags.take(1000);
    tags.add(1, 'new');
    expect([tags.get(1), tags.get(1000)]).toEqual(['new', undefined]);
  });

  it('has what comes late where it belongs, and nothing twice', () => {
    const tags = new TagMap<string>();
    for (const tag of [5, 7, 6, 5, 4, 7]) tags.add(tag, `v${tag}`);
    expect([tags.size, tags.oldest]).toEqual([4, 4]);
    tags.take(6);
    tags.add(6, 'again');
    const left: (string | undefined)[] = [];
    while (tags.size > 0) left.push(tags.take(tags.oldest ?? 0));
    expect(left).toEqual(['v4', 'v5', 'again', 'v7']);
  });
});

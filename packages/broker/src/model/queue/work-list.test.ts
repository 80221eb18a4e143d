import { describe, expect, it } from 'vitest';
import { WorkList } from './work-list.ts';

describe('WorkList', () => {
  it('does work at once', () => {
    const done: number[] = [];
    new WorkList<number>((n) => done.push(n)).add(1);
    expect(done).toEqual([1]);
  });

  it('does work that work brings about after it, however long the chain', () => {
    const done: number[] = [];
    const list: WorkList<number> = new WorkList((n) => {
      if (n > 0) list.add(n - 1);
      done.push(n);
    });
    list.add(100_000);
    expect(done.length).toBe(100_001);
    expect(done.slice(0, 3)).toEqual([100_000, 99_999, 99_998]);
  });

  it('goes on with new work after work that failed', () => {
    const done: string[] = [];
    const list = new WorkList<string>((what) => {
      if (what === 'bad') throw new RangeError('bad');
      done.push(what);
    });
    expect(() => list.add('bad')).toThrow(RangeError);
    list.add('good');
    expect(done).toEqual(['good']);
  });
});

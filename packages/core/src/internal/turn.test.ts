import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { Turn } from './turn.ts';

/** A turn that the test ends by hand. */
function handTurn() {
  const ends: (() => void)[] = [];
  const turn = new Turn((run) => void ends.push(run));
  return { turn, ends, end: () => ends.shift()?.() };
}

describe('the end of a turn', () => {
  it('is waited for once for all that is to happen then, and again by the next turn', () => {
    const { turn, ends, end } = handTurn();
    const done: string[] = [];
    turn.end(() => done.push('a'));
    turn.end(() => done.push('b'));
    expect([ends.length, done]).toEqual([1, []]);
    end();
    expect([ends.length, done]).toEqual([0, ['a', 'b']]);
    turn.end(() => done.push('c'));
    end();
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('has what goes last after all else, also where that comes while the turn ends', () => {
    const { turn, ends, end } = handTurn();
    const done: string[] = [];
    turn.last(() => done.push('last'));
    turn.end(() => {
      turn.last(() => done.push('last of all'));
      turn.end(() => done.push('late'));
      done.push('first');
    });
    end();
    expect([ends.length, done]).toEqual([0, ['first', 'late', 'last', 'last of all']]);
  });

  it('runs nothing in the context of whoever came first', async () => {
    const context = new AsyncLocalStorage<string>();
    const turn = new Turn((run) => void setImmediate(run));
    const seen = new Promise((resolve) => {
      context.run('of the first', () => turn.end(() => resolve(context.getStore())));
    });
    expect(await seen).toBeUndefined();
  });

  it('loses nothing where something throws', () => {
    const { turn, end } = handTurn();
    const done: string[] = [];
    turn.end(() => {
      throw new Error('no');
    });
    turn.end(() => done.push('next'));
    turn.last(() => done.push('last'));
    expect(end).toThrow('no');
    end();
    expect(done).toEqual(['next', 'last']);
  });
});

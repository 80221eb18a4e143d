import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { timerAfter } from './timers.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('timers that run equally long', () => {
  it('fire each at its time, in their order, on one timer of Node', () => {
    const fired: [string, number][] = [];
    const fire = (name: string) => () => fired.push([name, performance.now()]);
    const start = performance.now();
    timerAfter(100, fire('a'));
    vi.advanceTimersByTime(40);
    timerAfter(100, fire('b'));
    timerAfter(100, fire('c'));
    timerAfter(70, fire('shorter'));
    expect(vi.getTimerCount()).toBe(2);
    vi.advanceTimersByTime(200);
    const times = fired.map(([name, at]) => [name, at - start]);
    expect(times).toEqual([
      ['a', 100],
      ['shorter', 110],
      ['b', 140],
      ['c', 140],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('do not fire once they are taken back, and leave nothing', () => {
    const fired: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => timerAfter(50, () => fired.push(name)));
    b?.cancel();
    b?.cancel();
    vi.advanceTimersByTime(20);
    a?.cancel();
    expect(vi.getTimerCount()).toBe(1);
    c?.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100);
    expect(fired).toEqual([]);
  });

  it('may make and take back others when they fire', () => {
    const fired: string[] = [];
    timerAfter(10, () => {
      fired.push('a');
      timerAfter(10, () => fired.push('again'));
      doomed.cancel();
    });
    const doomed = timerAfter(10, () => fired.push('doomed'));
    timerAfter(10, () => fired.push('b'));
    vi.advanceTimersByTime(10);
    expect(fired).toEqual(['a', 'b']);
    vi.advanceTimersByTime(10);
    expect(fired).toEqual(['a', 'b', 'again']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fire in time although one of them makes another, and although one that is over is taken back', () => {
    const fired: [string, number][] = [];
    const start = performance.now();
    const fire = (name: string) => () => fired.push([name, performance.now() - start]);
    const first = timerAfter(100, () => {
      fire('a')();
      timerAfter(100, fire('next'));
    });
    vi.advanceTimersByTime(50);
    timerAfter(100, fire('b'));
    vi.advanceTimersByTime(50);
    first.cancel();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(200);
    expect(fired).toEqual([
      ['a', 100],
      ['b', 150],
      ['next', 200],
    ]);
    const over = timerAfter(10, () => {});
    vi.advanceTimersByTime(10);
    timerAfter(10, () => {});
    over.cancel();
    timerAfter(10, () => {});
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(10);
  });

  it('all fire where one of them throws', () => {
    const fired: string[] = [];
    timerAfter(10, () => {
      throw new Error('no');
    });
    timerAfter(10, () => fired.push('next'));
    expect(() => vi.advanceTimersByTime(10)).toThrow('no');
    vi.advanceTimersByTime(10);
    expect([fired, vi.getTimerCount()]).toEqual([['next'], 0]);
  });

  it('that would run longer than Node can wait run as long as it can', () => {
    const fired: string[] = [];
    timerAfter(2 ** 40, () => fired.push('end of time'));
    vi.advanceTimersByTime(1000);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(2 ** 31);
    expect(fired).toEqual(['end of time']);
  });
});

import { describe, expect, it } from 'vitest';
import { ManualClock } from './manual-clock.ts';

describe('ManualClock', () => {
  it('stands still until it is turned', () => {
    const clock = new ManualClock(1000);
    expect(clock.now()).toBe(1000);
    clock.advance(5);
    expect(clock.now()).toBe(1005);
  });

  it('fires timers in the order of their times, and those of one time in the order in which they were set', () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.after(20, () => fired.push(`late at ${clock.now()}`));
    clock.after(10, () => fired.push(`first at ${clock.now()}`));
    clock.after(10, () => fired.push(`second at ${clock.now()}`));
    clock.advance(9);
    expect(fired).toEqual([]);
    clock.advance(100);
    expect(fired).toEqual(['first at 10', 'second at 10', 'late at 20']);
    expect(clock.now()).toBe(109);
  });

  it('fires timers that are set while it is turned', () => {
    const clock = new ManualClock();
    const ticks: number[] = [];
    const tick = (): void => {
      ticks.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    clock.advance(35);
    expect(ticks).toEqual([10, 20, 30]);
    expect(clock.pending).toBe(1);
  });

  it('does not fire a timer that was taken back, even by one that fires before it', () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    const second = clock.after(10, () => fired.push('second'));
    clock.after(5, () => second.cancel());
    clock.advance(20);
    expect(fired).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('fires a timer of no or negative delay at the next turn, at the time that it is', () => {
    const clock = new ManualClock(100);
    const fired: number[] = [];
    clock.after(0, () => fired.push(clock.now()));
    clock.after(-5, () => fired.push(clock.now()));
    expect(fired).toEqual([]);
    clock.advance(0);
    expect(fired).toEqual([100, 100]);
  });

  it('is never set back, nor turned by what is no number', () => {
    const clock = new ManualClock(5);
    for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => clock.advance(ms)).toThrow('INVALID_ARGUMENT: ms must be a number from 0');
      expect(() => new ManualClock(ms)).toThrow('INVALID_ARGUMENT: now must be a number from 0');
    }
    expect(clock.now()).toBe(5);
  });
});

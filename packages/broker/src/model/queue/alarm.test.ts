import { describe, expect, it } from 'vitest';
import type { Clock } from '../../base/clock.ts';
import { ManualClock } from '../../base/manual-clock.ts';
import { Alarm } from './alarm.ts';

function alarmOn(clock: Clock): { alarm: Alarm; rung: number[] } {
  const rung: number[] = [];
  return { alarm: new Alarm(clock, () => rung.push(clock.now())), rung };
}

describe('Alarm', () => {
  it('rings once, at the earliest of the times that it was set to', () => {
    const clock = new ManualClock();
    const { alarm, rung } = alarmOn(clock);
    alarm.bringForwardTo(30);
    alarm.bringForwardTo(20);
    alarm.bringForwardTo(40);
    expect(clock.pending).toBe(1);
    clock.advance(100);
    expect(rung).toEqual([20]);
  });

  it('rings at once at a time that has passed', () => {
    const clock = new ManualClock(50);
    const { alarm, rung } = alarmOn(clock);
    alarm.bringForwardTo(10);
    clock.advance(0);
    expect(rung).toEqual([50]);
  });

  it('may be set again once it has rung, or was cleared', () => {
    const clock = new ManualClock();
    const { alarm, rung } = alarmOn(clock);
    alarm.bringForwardTo(10);
    clock.advance(10);
    alarm.bringForwardTo(20);
    alarm.clear();
    expect(clock.pending).toBe(0);
    alarm.bringForwardTo(30);
    clock.advance(100);
    expect(rung).toEqual([10, 30]);
  });

  it('waits on where its timer fires early, as that of a very long time does', () => {
    const manual = new ManualClock();
    const hasty: Clock = {
      now: () => manual.now(),
      after: (ms, fn) => manual.after(Math.min(ms, 10), fn),
    };
    const { alarm, rung } = alarmOn(hasty);
    alarm.bringForwardTo(25);
    manual.advance(100);
    expect(rung).toEqual([25]);
  });
});

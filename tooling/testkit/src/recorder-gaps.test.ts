import { describe, expect, test } from 'vitest';
import { createRecorder } from './recorder.ts';
import { percentile } from './recorder-gaps.ts';

describe('the gaps of a recorder', () => {
  test('last from a fault to what comes next on the stream that lost its connection', () => {
    const { gaps } = createRecorder();
    gaps.fault('cut', 100);
    gaps.lost('confirm', 102);
    for (const time of [90, 101, 350, 360]) gaps.happened('confirm', time);
    expect(gaps.gaps('confirm')).toEqual([{ kind: 'cut', ms: 250 }]);
    expect(gaps.losses('confirm')).toBe(1);
  });

  test('last from the end of a fault that lasts', () => {
    const { gaps } = createRecorder();
    gaps.fault('kill', 100, 5_100);
    gaps.lost('confirm', 101);
    gaps.happened('confirm', 5_400);
    expect(gaps.gaps('confirm')).toEqual([{ kind: 'kill', ms: 300 }]);
  });

  test('leave out a fault over which no connection was lost', () => {
    const { gaps } = createRecorder();
    gaps.fault('freeze', 100, 200);
    gaps.happened('confirm', 250);
    expect(gaps.gaps('confirm')).toEqual([]);
  });

  test('go on over a fault that finds no connection', () => {
    const { gaps } = createRecorder();
    gaps.fault('cut', 100);
    gaps.lost('confirm', 101);
    gaps.fault('reset', 200);
    gaps.happened('confirm', 260);
    expect(gaps.gaps('confirm')).toEqual([{ kind: 'cut', ms: 160 }]);
  });

  test('do not count where nothing came any more', () => {
    const { gaps } = createRecorder();
    gaps.fault('cut', 100);
    gaps.lost('confirm', 101);
    expect(gaps.gaps('confirm')).toEqual([]);
  });

  test('are found whatever order reports came in, on each stream by itself', () => {
    const { gaps } = createRecorder();
    for (const time of [360, 350, 90]) gaps.happened('confirm', time);
    for (const time of [120, 110]) gaps.happened('delivery', time);
    gaps.lost('confirm', 102);
    gaps.fault('cut', 100);
    expect(gaps.gaps('confirm')).toEqual([{ kind: 'cut', ms: 250 }]);
    expect(gaps.gaps('delivery')).toEqual([]);
  });
});

describe('the silences of a recorder', () => {
  test('are the longest times between two events around each fault, lost connection or not', () => {
    const { gaps } = createRecorder();
    gaps.fault('kill', 100);
    gaps.fault('kill', 1_000);
    for (const time of [95, 105, 405, 410, 1_010, 1_015]) gaps.happened('confirm', time);
    expect(gaps.silences('confirm')).toEqual([
      { kind: 'kill', ms: 300 },
      { kind: 'kill', ms: 600 },
    ]);
  });

  test('count once where several faults fall into one', () => {
    const { gaps } = createRecorder();
    gaps.fault('kill', 100);
    gaps.fault('cut', 2_200);
    for (const time of [95, 105, 2_405]) gaps.happened('confirm', time);
    expect(gaps.silences('confirm')).toEqual([{ kind: 'kill', ms: 2_300 }]);
  });

  test('need an event on both sides', () => {
    const { gaps } = createRecorder();
    gaps.fault('kill', 100);
    gaps.happened('confirm', 95);
    expect(gaps.silences('confirm')).toEqual([]);
  });
});

describe('a percentile', () => {
  test('is the value that such a part is not above', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0, 0.5, 0.99, 1].map((part) => percentile(values, part))).toEqual([1, 50, 99, 100]);
  });

  test('of nothing is no number', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});

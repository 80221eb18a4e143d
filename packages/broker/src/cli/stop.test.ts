import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { ManualClock } from '../index.ts';
import { untilStopped } from './stop.ts';

function waiting() {
  const source = new EventEmitter();
  const clock = new ManualClock();
  const codes: number[] = [];
  const stopped = untilStopped(source, clock, (code) => codes.push(code));
  return { source, clock, codes, stopped };
}

test.each(['SIGINT', 'SIGTERM'])('the first %s asks to stop', async (signal) => {
  const { source, codes, stopped } = waiting();
  source.emit(signal);
  await stopped;
  expect(codes).toEqual([]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])('a second signal, %s, ends the process at once', (signal, code) => {
  const { source, clock, codes } = waiting();
  source.emit('SIGINT');
  clock.advance(200);
  source.emit(signal);
  expect(codes).toEqual([code]);
});

test('one Ctrl-C that arrives twice, by npx, is one', () => {
  const { source, clock, codes } = waiting();
  source.emit('SIGINT');
  source.emit('SIGINT');
  clock.advance(199);
  source.emit('SIGINT');
  expect(codes).toEqual([]);
});

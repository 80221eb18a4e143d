import { describe, expect, test } from 'vitest';
import { readOptions } from './options.ts';

describe('the command line', () => {
  test('names a scenario, and numbers where they differ from the default', () => {
    expect(readOptions(['restart', '--embedded', '--tasks', '5', '--no-cuts'])).toMatchObject({
      scenario: 'restart',
      broker: 'embedded',
      tasks: 5,
      calls: 10_000,
      kills: 5,
      cuts: false,
    });
  });

  test('soaks without a number of tasks', () => {
    expect(readOptions(['soak', '--rabbit'])).toMatchObject({
      tasks: undefined,
      calls: undefined,
      seconds: 600,
      broker: 'rabbit',
    });
  });

  test.each([
    [[]],
    [['swim']],
    [['soak', 'restart']],
    [['soak', '--tasks', 'many']],
    [['soak', '--taks', '1']],
    [['cluster', '--embedded']],
  ])('refuses %j', (args) => {
    expect(() => readOptions(args)).toThrow();
  });
});

import { describe, expect, test } from 'vitest';
import { createRecorder } from './recorder.ts';

describe('a recorder of calls', () => {
  test('counts how calls settled', () => {
    const { calls } = createRecorder(1_000);
    for (const index of [0, 1, 2]) calls.created(index, 0);
    calls.settled(0, 'result', 5);
    calls.settled(1, 'result', 6);
    calls.settled(2, 'CONNECTION_LOST', 7);
    expect(calls.settledCount).toBe(3);
    expect(calls.summary()).toEqual({
      created: 3,
      outcomes: { result: 2, CONNECTION_LOST: 1 },
      executed: {},
      executedAgain: 0,
      settledTwice: 0,
      hung: 0,
      examplesOfHung: [],
      unknown: 0,
      latest: -993,
    });
  });

  test('says which calls never settled', () => {
    const { calls } = createRecorder();
    calls.created(0, 0);
    calls.created(1, 0);
    calls.settled(0, 'result', 1);
    expect(calls.summary()).toMatchObject({ hung: 1, examplesOfHung: [1] });
  });

  test('counts a call that settles twice by its first outcome', () => {
    const { calls } = createRecorder();
    calls.created(0, 0);
    calls.settled(0, 'result', 1);
    calls.settled(0, 'RPC_TIMEOUT', 2);
    expect(calls.summary()).toMatchObject({ outcomes: { result: 1 }, settledTwice: 1, hung: 0 });
  });

  test('says which were executed, by how they settled, and how often once more', () => {
    const { calls } = createRecorder();
    for (const index of [0, 1, 2]) calls.created(index, 0);
    for (const index of [0, 0, 1]) calls.executed(index);
    calls.settled(0, 'result', 1);
    calls.settled(1, 'RPC_TIMEOUT', 1);
    calls.settled(2, 'RPC_TIMEOUT', 1);
    expect(calls.summary()).toMatchObject({
      outcomes: { result: 1, RPC_TIMEOUT: 2 },
      executed: { result: 1, RPC_TIMEOUT: 1 },
      executedAgain: 1,
    });
  });

  test('notices a call that nobody made', () => {
    const { calls } = createRecorder();
    calls.settled(3, 'result', 1);
    expect(calls.summary()).toMatchObject({ created: 0, unknown: 1 });
  });

  test('says how long after its timeout the latest call settled', () => {
    const { calls } = createRecorder(1_000);
    calls.created(0, 100);
    calls.settled(0, 'RPC_TIMEOUT', 1_130);
    calls.created(1, 5_000);
    calls.settled(1, 'RPC_TIMEOUT', 6_010);
    expect(calls.summary().latest).toBe(30);
  });
});

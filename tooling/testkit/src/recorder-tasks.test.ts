import { describe, expect, test } from 'vitest';
import { createRecorder } from './recorder.ts';
import type { TaskRecorder } from './recorder-tasks.ts';

/** A recorder of one task that went its way without any trouble. */
function calm(): TaskRecorder {
  const { tasks } = createRecorder();
  tasks.created(0);
  tasks.confirmed(0);
  tasks.delivered(0, false);
  tasks.handled(0);
  return tasks;
}

describe('a recorder of tasks', () => {
  test('finds nothing wrong with a task that was created, confirmed, delivered and handled once', () => {
    expect(calm().summary()).toEqual({
      created: 1,
      confirmed: 1,
      confirmedTwice: 0,
      refused: {},
      refusedForGood: 0,
      unsettled: 0,
      deliveries: 1,
      delivered: 1,
      handled: 1,
      lost: 0,
      examplesOfLost: [],
      unknown: 0,
      duplicatesSentAgain: 0,
      duplicatesDeliveredAgain: 0,
      outOfOrder: 0,
    });
  });

  test('takes reports in any order', () => {
    const { tasks } = createRecorder();
    tasks.handled(0);
    tasks.delivered(0, false);
    tasks.confirmed(0);
    tasks.created(0);
    expect(tasks.summary()).toEqual(calm().summary());
  });

  test('calls a task lost that was confirmed and that no handler ended with', () => {
    const { tasks } = createRecorder();
    for (const index of [0, 1, 2]) {
      tasks.created(index);
      tasks.confirmed(index);
    }
    tasks.handled(1);
    tasks.delivered(2, false);
    expect(tasks.summary()).toMatchObject({ handled: 1, lost: 2, examplesOfLost: [0, 2] });
  });

  test('does not call a task lost that nobody confirmed', () => {
    const { tasks } = createRecorder();
    tasks.created(0);
    tasks.created(1);
    tasks.refused(1, 'CLOSED', true);
    expect(tasks.summary()).toMatchObject({ lost: 0, unsettled: 1, refusedForGood: 1 });
  });

  test('counts refusals by code, and a task that is created again as one', () => {
    const { tasks } = createRecorder();
    tasks.created(0);
    tasks.refused(0, 'TIMEOUT', false);
    tasks.refused(0, 'NACKED', false);
    tasks.refused(0, 'TIMEOUT', false);
    tasks.confirmed(0);
    expect(tasks.summary()).toMatchObject({
      created: 1,
      confirmed: 1,
      refused: { TIMEOUT: 2, NACKED: 1 },
      refusedForGood: 0,
      unsettled: 0,
    });
  });

  test('tells a task that was sent again from one that was delivered again', () => {
    const tasks = calm();
    tasks.delivered(0, false);
    tasks.delivered(0, true);
    tasks.delivered(0, true);
    expect(tasks.summary()).toMatchObject({
      deliveries: 4,
      delivered: 1,
      duplicatesSentAgain: 1,
      duplicatesDeliveredAgain: 2,
    });
  });

  test('does not count a first delivery as a duplicate where the one before it reached nobody', () => {
    const { tasks } = createRecorder();
    tasks.created(0);
    tasks.delivered(0, true);
    expect(tasks.summary()).toMatchObject({ delivered: 1, duplicatesDeliveredAgain: 0 });
  });

  test('notices a task that is confirmed twice, and one that nobody created', () => {
    const tasks = calm();
    tasks.confirmed(0);
    tasks.delivered(7, false);
    expect(tasks.summary()).toMatchObject({ confirmed: 1, confirmedTwice: 1, unknown: 1 });
  });

  test('counts first deliveries that come after those of later tasks', () => {
    const { tasks } = createRecorder();
    for (const index of [0, 2, 1, 3]) tasks.delivered(index, false);
    tasks.delivered(0, true);
    expect(tasks.summary().outOfOrder).toBe(1);
  });

  test('expects no order of a task that was created again', () => {
    const { tasks } = createRecorder();
    tasks.refused(0, 'TIMEOUT', false);
    tasks.delivered(1, false);
    tasks.delivered(0, false);
    expect(tasks.summary().outOfOrder).toBe(0);
  });

  test('accounts for a million tasks in well below a second', () => {
    const { tasks } = createRecorder();
    const count = 1_000_000;
    for (let index = 0; index < count; index += 1) {
      tasks.created(index);
      tasks.confirmed(index);
      tasks.delivered(index, false);
      if (index !== 123_456) tasks.handled(index);
    }
    expect(tasks.summary()).toMatchObject({ confirmed: count, lost: 1, examplesOfLost: [123_456] });
  });
});
